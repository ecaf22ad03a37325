import { passed } from "./records/passed.ts";
import { cancelled, refused, running } from "./records/unfinished.ts";
import { failed, inconclusive } from "./records/unproven.ts";

/** Records of runs as they could have been, for tests of everything that reads a record. Copy one before you change it. */
export const samples = { passed, failed, inconclusive, refused, running, cancelled };
