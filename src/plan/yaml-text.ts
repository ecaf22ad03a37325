import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import type { Path } from "./schema-walk.ts";
import { syntaxMessages } from "./yaml-messages.ts";

/** Something wrong at an offset of the text. */
interface TextProblem {
  offset: number;
  path: Path;
  message: string;
  hint: string;
}

export interface YamlText {
  /** What the text says, as plain JSON; undefined when it cannot be read as one thing. */
  value: unknown;
  problems: TextProblem[];
  /** Offset of what stands at a path, or of the deepest thing on the way to it that the text has. */
  locate: (path: Path, part: "key" | "value") => number;
  /** A number or boolean as it was typed: JavaScript may have rounded it. */
  source: (path: Path) => string | undefined;
  position: (offset: number) => { line: number; column: number };
}

/** Reads one YAML document of plain maps, lists and scalars, and remembers where everything stands. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const syntax = [...document.errors, ...document.warnings].map(({ code, pos }) => {
    const [message, hint] = syntaxMessages[code];
    return { offset: pos[0], path: [], message, hint };
  });
  const unreadable = document.errors.length > 0;
  const { refused, duplicates } = unreadable ? { refused: [], duplicates: [] } : structure(document, lines);
  return {
    value: unreadable || refused.length > 0 ? undefined : document.toJS(),
    problems: [...firstOfEachLine([...syntax, ...refused], lines), ...duplicates],
    locate: (path, part) => locate(document.contents, path, part),
    source: (path) => sourceOf(document.contents, path),
    position(offset) {
      const { line, col } = lines.linePos(Math.min(offset, text.length));
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
  };
}

/** One slip makes the parser complain several times about the same line. */
function firstOfEachLine(problems: TextProblem[], lines: LineCounter): TextProblem[] {
  const seen = new Set<number>();
  return problems
    .toSorted((a, b) => a.offset - b.offset)
    .filter(({ offset }) => {
      const { line } = lines.linePos(offset);
      return !seen.has(line) && seen.add(line);
    });
}

/** What YAML allows and a reviewed file must not have: what is read must be what runs. */
function structure(document: Document.Parsed, lines: LineCounter) {
  const refused: TextProblem[] = [];
  const duplicates: TextProblem[] = [];
  visit(document, (_, node, ancestors) => {
    const told = refusal(node);
    if (told !== undefined) {
      const [at, name] = told;
      const [message, hint] = refusals[name];
      refused.push({ offset: startOf(at), path: [], message, hint });
    }
    if (isMap(node)) duplicates.push(...duplicatesOf(node, () => pathOf([...ancestors, node]), lines));
  });
  // Without a value nobody can tell whether a key lies below a secret: its path is not shown then.
  return { refused, duplicates: refused.length === 0 ? duplicates : duplicates.map((one) => ({ ...one, path: [] })) };
}

const refusals = {
  alias: ["aliases (*name) are not allowed", "Write the value out, so that a reader sees what runs."],
  anchor: ["anchors (&name) are not allowed", "Remove the anchor; write the value out wherever it is needed."],
  merge: ["merge keys (<<) are not allowed", "Write the merged keys out, so that a reader sees what runs."],
  tag: ["tags (!name) are not allowed", "Remove the tag; put the value into quotes if it is text."],
  key: ["a key must be one word", "Write `key: value`."],
} as const;

function refusal(node: unknown): [at: unknown, name: keyof typeof refusals] | undefined {
  if (isPair(node) && !isScalar(node.key)) return [node.key, "key"];
  if (isPair(node) && keyOf(node) === "<<") return [node.key, "merge"];
  if (isAlias(node)) return [node, "alias"];
  if (!isScalar(node) && !isCollection(node)) return undefined;
  if (node.tag !== undefined) return [node, "tag"];
  return node.anchor === undefined ? undefined : [node, "anchor"];
}

/** The keys and list positions that lead to the last of these nodes. */
function pathOf(ancestors: readonly unknown[]): Path {
  return ancestors.flatMap((node, depth): (string | number)[] => {
    if (isPair(node)) return [keyOf(node)];
    return isSeq(node) && depth + 1 < ancestors.length ? [node.items.indexOf(ancestors[depth + 1])] : [];
  });
}

/** @param pathOf asked only where a key stands twice: finding one's place in a long list takes time */
function duplicatesOf(map: YAMLMap, pathOf: () => Path, lines: LineCounter): TextProblem[] {
  const first = new Map<string, Pair>();
  return map.items.flatMap((pair) => {
    const key = keyOf(pair);
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, pair);
      return [];
    }
    const { line } = lines.linePos(startOf(earlier.key));
    const hint = `It stands in line ${line} already: keep one of them.`;
    return [{ offset: startOf(pair.key), path: [...pathOf(), key], message: "this key stands here twice", hint }];
  });
}

function locate(contents: unknown, path: Path, part: "key" | "value"): number {
  let node: unknown = contents;
  let offset = startOf(node);
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair = lastPair(node, step);
      if (pair === undefined) return offset;
      const wantsKey = part === "key" && depth === path.length - 1;
      offset = startOf(wantsKey || isEmpty(pair.value) ? pair.key : pair.value);
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number" && node.items[step] !== undefined) {
      node = node.items[step];
      offset = startOf(node);
    } else return offset;
  }
  return offset;
}

function sourceOf(contents: unknown, path: Path): string | undefined {
  let node: unknown = contents;
  for (const step of path) {
    if (isMap(node)) node = lastPair(node, step)?.value;
    else if (isSeq(node) && typeof step === "number") node = node.items[step];
    else return undefined;
  }
  return isScalar(node) ? node.source : undefined;
}

/** Pairs of the maps that were asked, by key. */
const pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

/** The last one, because that one's value counts where a key stands twice. */
function lastPair(map: YAMLMap, step: string | number): Pair | undefined {
  const known = pairs.get(map) ?? new Map(map.items.map((pair) => [keyOf(pair), pair]));
  pairs.set(map, known);
  return known.get(String(step));
}

function keyOf(pair: Pair): string {
  const { key } = pair;
  if (!isScalar(key)) return "";
  return typeof key.value === "string" ? key.value : JSON.stringify(key.value ?? "");
}

function isEmpty(node: unknown): boolean {
  return !isScalar(node) || node.range == null ? node == null : node.range[0] === node.range[1];
}

function startOf(node: unknown): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? 0;
}
