import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Secrets that are recognised wherever they turn up. What is looked for are random letters and digits inside of them, which
 * no escaping changes and which show a part of the secret too; besides, the same in base64 and hex.
 */
export interface Canary {
  name: string;
  secret: string;
  needles: Buffer[];
}

const core = () => `Cnry${randomBytes(6).toString("hex")}`;

/** @param make the secret around its random part */
export function canary(name: string, make: (core: string) => string = (text) => text): Canary {
  const inside = core();
  return { name, secret: make(inside), needles: needlesOf(inside) };
}

/** A secret that must be found as a whole, because it is too short to hold a random part; not of ASCII alone. */
export function shortCanary(name: string, secret: string): Canary {
  const escaped = JSON.stringify(secret).replace(
    /[^ -~]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const texts = [secret, escaped.slice(1, -1), encodeURIComponent(secret), encodeURIComponent(secret).toLowerCase()];
  return { name, secret, needles: texts.map((text) => Buffer.from(text)) };
}

export function longCanary(name: string, parts: number): Canary {
  const cores = Array.from({ length: parts }, core);
  return { name, secret: cores.join("."), needles: cores.flatMap(needlesOf) };
}

function needlesOf(text: string): Buffer[] {
  // Whatever stands before shifts the letters of base64 by nothing, a third or two thirds; its edges depend on neighbours.
  const base64 = [0, 1, 2].map((shift) => {
    const whole = Buffer.from(`${"x".repeat(shift)}${text}`).toString("base64");
    return whole.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + text.length) * 8) / 6));
  });
  const hex = Buffer.from(text).toString("hex");
  return [text, ...base64, hex, hex.toUpperCase()].map((one) => Buffer.from(one));
}

/** Names of the canaries in something: text, bytes, or an object of whatever depth. */
export function canariesIn(thing: unknown, canaries: Canary[]): string[] {
  const bytes = Buffer.concat(piecesOf(thing));
  return canaries.filter(({ needles }) => needles.some((needle) => bytes.includes(needle))).map(({ name }) => name);
}

/** Strings and bytes of an object, Temporal's payloads decoded on the way. */
function piecesOf(thing: unknown): Buffer[] {
  if (typeof thing === "string") return [Buffer.from(`${thing}\n`)];
  if (thing instanceof Uint8Array) return [Buffer.from(thing)];
  if (thing instanceof Error)
    return [thing.message, thing.stack, thing.cause, ...Object.entries(thing)].flatMap(piecesOf);
  if (typeof thing !== "object" || thing === null) return [];
  return Object.entries(thing).flatMap(([key, value]) => [...piecesOf(key), ...piecesOf(value)]);
}

/** "name path" for each canary in each file below a directory, but for the places where it may be. What vanishes is passed over. */
export async function canariesBelow(
  directory: string,
  canaries: Canary[],
  mayBe: [name: RegExp, path: RegExp][] = [],
): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(unlessGone([]))) {
    const path = join(directory, entry.name);
    const content = entry.isFile() ? await readFile(path).catch(unlessGone("")) : "";
    for (const name of canariesIn([path, content], canaries)) {
      if (!mayBe.some(([who, where]) => who.test(name) && where.test(path))) found.push(`${name} ${path}`);
    }
    if (entry.isDirectory()) found.push(...(await canariesBelow(path, canaries, mayBe)));
  }
  return found;
}

function unlessGone<T>(instead: T) {
  return (error: NodeJS.ErrnoException): T => {
    if (error.code === "ENOENT") return instead;
    throw error;
  };
}
