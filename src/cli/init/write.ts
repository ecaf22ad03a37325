import { mkdir, open, rm } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fail } from "../../failures.ts";
import { commentedPlan } from "../../plan/commented.ts";
import { parsePlan } from "../../plan/load.ts";

/**
 * The text of the plan, which `plan check` accepts.
 * @throws REQUEST_INVALID with all that is wrong with what was chosen
 */
export function planText(value: object, file: string): string {
  const about = "A plan of Firedrill: what is protected, and how. All keys: docs/plan.md.";
  const text = commentedPlan(value, [...editorLine(file), about]);
  const { problems } = parsePlan(text, file);
  if (problems.length === 0) return text;
  const said = problems.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
  throw fail("REQUEST_INVALID", `that makes no plan: ${said}`, problems[0]!.hint);
}

/** For editors that complete YAML; only where the schema lies in the same tree as the plan, which moves as a whole. */
function editorLine(file: string): string[] {
  const schema = resolve(import.meta.dirname, "../../../plan.schema.json");
  if (relative(process.cwd(), schema).startsWith("..")) return [];
  return [`yaml-language-server: $schema=${relative(dirname(resolve(file)), schema)}`];
}

/**
 * Writes a file that is not there yet, whole or not at all.
 * @param directory made where it is missing; that of another file must be there
 * @throws REQUEST_INVALID
 */
export async function writeNew(file: string, text: string, directory: string): Promise<void> {
  if (dirname(resolve(file)) === directory) await mkdir(directory, { recursive: true });
  const handle = await open(file, "wx").catch((error: NodeJS.ErrnoException) => {
    throw notWritten(file, error);
  });
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await rm(file);
    throw notWritten(file, error as NodeJS.ErrnoException);
  } finally {
    await handle.close();
  }
}

function notWritten(file: string, { code = "unknown error" }: NodeJS.ErrnoException) {
  if (code === "EEXIST") return planExists(file);
  const hint = code === "ENOENT" ? `Make the directory ${dirname(file)} first.` : "Name a file that can be written.";
  return fail("REQUEST_INVALID", `${file} cannot be written (${code})`, hint);
}

export function planExists(file: string) {
  const hint = `Name another file, or remove it; \`firedrill plan check ${file}\` says whether it is right.`;
  return fail("REQUEST_INVALID", `${file} is there already, and is never overwritten`, hint);
}
