import { createHash } from "node:crypto";
import { isNamed } from "../kubernetes/patterns.ts";

/** sha256 of every file of a directory, by its path in it. */
export type Tree = Record<string, string>;

/** What a directory must be again, and what of it cannot be compared. */
export interface Wanted {
  files: Tree;
  /** Files that the application has written, or removed, between two looks: their content of before is not known. */
  moving: number;
}

/** @param except patterns of files that are not looked at */
export function wantedOf(before: Tree, atLoss: Tree, except: string[]): Wanted {
  const all = [...new Set([...Object.keys(before), ...Object.keys(atLoss)])].filter((path) => !isNamed(except, path));
  const still = all.filter((path) => before[path] === atLoss[path]);
  return {
    files: Object.fromEntries(still.map((path) => [path, before[path]!])),
    moving: all.length - still.length,
  };
}

/** In words, the same where all is as it was. */
export function treeWords({ files, moving }: Wanted): string {
  const count = Object.keys(files).length;
  const more = moving === 0 ? "" : `; not compared: ${moving} that were written meanwhile`;
  return `${count} ${count === 1 ? "file" : "files"}, sha256 ${digestOf(files).slice(0, 16)}…${more}`;
}

/** One sha256 of a whole tree, whatever the order in which its files were read. */
export function digestOf(tree: Tree): string {
  const lines = Object.entries(tree).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(lines)).digest("hex");
}

/** What is not as it was: "missing: a, b; other content: c". Empty where all is. Files that were not there before are new. */
export function treeDifferences({ files }: Wanted, now: Tree): string {
  const paths = Object.keys(files);
  const missing = paths.filter((path) => now[path] === undefined);
  const other = paths.filter((path) => now[path] !== undefined && now[path] !== files[path]);
  return [
    ...(missing.length > 0 ? [`missing: ${some(missing)}`] : []),
    ...(other.length > 0 ? [`other content: ${some(other)}`] : []),
  ].join("; ");
}

function some(paths: string[]): string {
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  return paths.toSorted().slice(0, 5).join(", ") + more;
}
