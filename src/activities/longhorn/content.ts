import { createHash } from "node:crypto";
import { fail } from "../../failures.ts";

/** What is in a volume: the sentinel, and the list of its files with their checksums. Pure, but for the scripts' text. */

const unit = 1024 * 1024;
const headLength = "firedrill \n".length + 20;

/** One unit of the sentinel, but for its number. */
function bodyOf(seed: string): string {
  const line = `${lineOf(seed)}\n`;
  return line.repeat(Math.ceil((unit - headLength) / line.length)).slice(0, unit - headLength);
}

function lineOf(seed: string): string {
  return createHash("sha256").update(seed).digest("hex");
}

/** Pieces of a text that the seed alone decides, and of which no two MiB are alike. @param size in bytes */
export function* sentinelText(seed: string, size: number): Generator<string> {
  const body = bodyOf(seed);
  for (let n = 0, left = size; left > 0; n += 1) {
    const piece = `firedrill ${String(n).padStart(20, "0")}\n${body}`.slice(0, left);
    left -= piece.length;
    yield piece;
  }
}

export function sentinelSha256(seed: string, size: number): string {
  const hash = createHash("sha256");
  for (const piece of sentinelText(seed, size)) hash.update(piece);
  return hash.digest("hex");
}

/**
 * Makes the sentinel in the container: nothing of it is sent there but a line. Arguments: directory, name, line, bytes, units.
 * Prints the sha256 of what is there.
 */
export const plantScript = `set -eu
mkdir -p "$1"; cd "$1"
body=$(yes "$3" | head -c ${unit - headLength})
n=0
while [ "$n" -lt "$5" ]; do printf 'firedrill %020d\\n%s' "$n" "$body"; n=$((n+1)); done | head -c "$4" > "$2.part"
mv "$2.part" "$2"
sync
sha256sum "$2"`;

export function plantArguments(seed: string, size: number): string[] {
  return [lineOf(seed), String(size), String(Math.ceil(size / unit))];
}

/** Lists all below a directory (its argument): checksums, then what each thing is, then where links lead. */
export const listScript = `set -eu
cd "$1"
find . -xdev -path ./lost+found -prune -o -type f -exec sha256sum {} + || true
echo "#things"
find . -xdev -path ./lost+found -prune -o -exec stat -c '%f %u %g %s %Z %n' {} + || true
echo "#links"
find . -xdev -path ./lost+found -prune -o -type l -exec sh -c 'for f; do printf "%s -> " "$f"; readlink "$f"; done' sh {} + || true
echo "#end"`;

/** What is said of one thing. A file's checksum is empty where it could not be read. */
export interface Thing {
  /** Type and mode, user, group, and, but of directories, the size: as text. */
  about: string;
  /** sha256 of a file, where a link leads; null for all else. */
  content: string | null;
  /** Of its last change, seconds since 1970. */
  changedAt: number;
}

export type Tree = Record<string, Thing>;

const directoryType = 0x4000;
const typeMask = 0xf000;
const fileType = 0x8000;
const linkType = 0xa000;

/** @throws PROGRAM_FAILED where the list is cut, or holds what cannot be compared */
export function readTree(text: string): Tree {
  if (!text.endsWith("#end\n")) throw fail("PROGRAM_FAILED", "the list of the volume's files was cut short");
  const lines = text.split("\n");
  const [things, links] = [lines.indexOf("#things"), lines.indexOf("#links")];
  const sums = new Map(lines.slice(0, things).map(sumIn));
  const leads = new Map(lines.slice(links + 1, -2).map((line) => linkIn(line)));
  return Object.fromEntries(
    lines.slice(things + 1, links).map((line) => {
      const [, mode, user, group, size, changed, path] =
        /^([0-9a-f]+) (\d+) (\d+) (\d+) (\d+) (.+)$/.exec(line) ?? strange(line);
      const type = Number.parseInt(mode!, 16) & typeMask;
      const about = [mode, user, group, ...(type === directoryType ? [] : [size])].join(" ");
      const content = type === fileType ? (sums.get(path!) ?? "") : type === linkType ? (leads.get(path!) ?? "") : null;
      return [path!, { about, content, changedAt: Number(changed) }];
    }),
  );
}

/** "<sha256>  ./path"; coreutils mark a name with odd characters by a backslash, and write these as such. */
function sumIn(line: string): [path: string, sum: string] {
  const [, marked, sum, path] = /^(\\?)([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? strange(line);
  return [marked === "" ? path! : path!.replaceAll("\\\\", "\\"), sum!];
}

function linkIn(line: string): [path: string, leads: string] {
  const at = line.indexOf(" -> ");
  return at < 0 ? strange(line) : [line.slice(0, at), line.slice(at + 4)];
}

function strange(line: string): never {
  const hint = "A name with a line break cannot be compared: rename it, or name a `directory` without it.";
  throw fail("PROGRAM_FAILED", `the list of the volume's files holds ${JSON.stringify(line.slice(0, 100))}`, hint);
}
