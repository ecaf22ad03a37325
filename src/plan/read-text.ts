import { readFileSync, statSync } from "node:fs";
import type { Problem } from "./problems.ts";

const maximum = 1024 * 1024;

export type ReadText = { text: string; bytes: Buffer } | { text: null; problem: Problem; absent: boolean };

/** Reads a text file that a person wrote: UTF-8, a regular file, at most 1 MiB. */
export function readText(file: string): ReadText {
  try {
    const found = statSync(file);
    if (found.isDirectory()) return refuse(file, "is a directory, not a file", "Name the file inside it.");
    // Reading a pipe or a device could wait or go on for ever.
    if (!found.isFile()) return refuse(file, "is not a regular file", "Copy its content into a file and name that.");
    if (found.size > maximum) return tooBig(file);
    const bytes = readFileSync(file);
    return bytes.length > maximum ? tooBig(file) : decode(file, bytes);
  } catch (error) {
    return unreadable(file, (error as NodeJS.ErrnoException).code ?? "unknown error");
  }
}

function decode(file: string, bytes: Buffer): ReadText {
  if (bytes.includes(0)) return refuse(file, "is not a text file", "Save it as plain text, encoded as UTF-8.");
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), bytes };
  } catch {
    const before = bytes.toString("utf8").split("�")[0]!.split("\n");
    const at = { line: before.length, column: before.at(-1)!.length + 1 };
    return refuse(file, "is not encoded as UTF-8 from here on", "Save it as UTF-8.", at);
  }
}

function tooBig(file: string): ReadText {
  return refuse(file, "is larger than 1 MiB", "Is it the right file? One that a person writes is far smaller.");
}

function unreadable(file: string, code: string): ReadText {
  if (code === "ENOENT" || code === "ENOTDIR")
    return { ...refuse(file, "there is no such file", "Correct the path, or create the file."), absent: true };
  if (code === "EACCES" || code === "EPERM")
    return refuse(file, "may not be read", "Give the user that runs this the right to read the file.");
  return refuse(file, `cannot be read (${code})`, "Check the path and the file system.");
}

function refuse(file: string, message: string, hint: string, at = { line: 1, column: 1 }) {
  return { text: null, absent: false, problem: { file, ...at, path: "", message, hint } };
}
