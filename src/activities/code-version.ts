import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Version of this code, from package.json: two folders up in the sources as in the package. */
export const codeVersion = (
  JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8")) as { version: string }
).version;
