import { open } from "node:fs/promises";
import { Line } from "./schema.ts";
import { json } from "./state.ts";

/** What `plan -json` and `apply -json` say, line by line. Lines of other programs, and broken ones, are passed over. */

export interface Diagnostic {
  summary: string;
  detail: string;
  /** Empty where it belongs to no resource. */
  address: string;
}

export function readLine(text: string): Line | undefined {
  if (!text.startsWith("{")) return undefined;
  const parsed = Line.safeParse(json(text));
  return parsed.success ? parsed.data : undefined;
}

function readLines(text: string): Line[] {
  return text.split("\n").flatMap((line) => readLine(line) ?? []);
}

/** The errors, as they came. */
export function errorsIn(text: string): Diagnostic[] {
  return readLines(text).flatMap(({ diagnostic }) => {
    if (diagnostic === undefined || diagnostic.severity !== "error") return [];
    const { summary, detail, address, snippet } = diagnostic;
    return [{ summary, detail: detail ?? "", address: address ?? blockOf(snippet?.context ?? "") }];
  });
}

/** Of an error in a resource's own code the block is quoted: `resource "aws_instance" "node"`. */
function blockOf(context: string): string {
  const [, type, name] = /^resource "([^"]+)" "([^"]+)"/.exec(context) ?? [];
  return name === undefined ? "" : `${type}.${name}`;
}

/** Whether the program had its state's lock: before that it says nothing but its version, and how it waits. */
export function hadLock(text: string): boolean {
  return readLines(text).some(({ type }) => /^(apply|provision|refresh|planned|resource|change)_/.test(type));
}

/**
 * Follows the output of a program that runs: "destroyed 2 of 5 resources, now terraform_data.node".
 * @param verb what is done to each
 * @param total how many there are; 0 where the program itself says it first
 */
export function follow(verb: "destroyed" | "built", total: number): (file: string) => Promise<string | undefined> {
  let [offset, done, planned, now] = [0, 0, 0, ""];
  return async (file) => {
    const bytes = await readFrom(file, offset);
    offset += bytes.length;
    for (const line of readLines(bytes.toString("utf8"))) {
      if (line.type === "apply_complete") done += 1;
      if (line.type === "apply_start") now = line.hook?.resource.addr ?? "";
      // Each unit of Terragrunt has a plan of its own.
      if (line.type === "change_summary" && line.changes?.operation === "plan") planned += line.changes.add;
    }
    const of = total || planned;
    if (of === 0 && done === 0) return undefined;
    return `${verb} ${done} of ${Math.max(of, done)} resources${now === "" || done >= of ? "" : `, now ${now}`}`;
  };
}

/** Whole lines, at most 1 MiB; nothing where there is no file yet. */
async function readFrom(path: string, position: number): Promise<Buffer> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(1_048_576), position });
    return buffer.subarray(0, buffer.lastIndexOf(10, bytesRead - 1) + 1);
  } finally {
    await file.close();
  }
}
