import { passed } from "./records/passed.ts";
import { approving } from "./records/approving.ts";
import { cancelled, refused, running, skipped } from "./records/unfinished.ts";
import { failed, inconclusive } from "./records/unproven.ts";

/** Records of runs as they could have been, for tests of everything that reads a record. Copy one before you change it. */
export const samples = { passed, failed, inconclusive, refused, skipped, running, cancelled, approving };
