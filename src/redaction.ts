import { variantsOf } from "./secret-variants.ts";

/** The one place where secrets are taken out of what leaves a process. Uses nothing but Node: supervisors load it too. */

/** What replaces a secret. */
const mark = "***";

/** Shorter secrets are hidden only where they stand alone: inside other words they would be found everywhere. */
const shortest = 4;

const known = new Set<string>();
let compiled: { variants: string[]; pattern: RegExp } | undefined;

/** From now on nothing that goes through `redact` shows this secret, however it is written. */
export function rememberSecret(secret: string): void {
  if (secret === "" || known.has(secret)) return;
  known.add(secret);
  compiled = undefined;
}

/** Variables of the environment whose names say that they hold a secret, and not the path of a file that does. */
export function looksSecret(name: string): boolean {
  return (
    /PASS(WORD|WD|PHRASE)?$|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|KEY_DATA|CREDENTIAL|CONNECTION_STRING|DATABASE_URL/i.test(
      name,
    ) && !/_(FILE|PATH|DIR)$/i.test(name)
  );
}

/** Longest first, so that of two secrets that begin alike the longer one goes as a whole. */
function compile(): { variants: string[]; pattern: RegExp } {
  if (compiled !== undefined) return compiled;
  const variants = [...new Set([...known].flatMap(variantsOf))].toSorted((a, b) => b.length - a.length);
  const alternatives = variants.map((text) =>
    text.length < shortest ? String.raw`(?<![\p{L}\p{N}_])${literal(text)}(?![\p{L}\p{N}_])` : literal(text),
  );
  // Without any secret: what never matches.
  return (compiled = { variants, pattern: new RegExp(alternatives.join("|") || "(?!)", "gu") });
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** The text without any known secret, and without what stands as a password in a URL, a connection string or SQL. */
export function redact(text: string): string {
  return text
    .replace(compile().pattern, mark)
    .replace(/(?<![^\s@])[^\s@]+@/g, withoutPassword)
    .replace(/\b(password(?:\s*=\s*|\s+(?=')))('(?:[^'\\]|\\.|'')*'|(?:\\[^"]|[^\s'"\\])+)/gi, `$1${mark}`);
}

/** Of a word up to its "@"; each pattern begins where a word does, or the time for a long one grew with its square. */
function withoutPassword(word: string): string {
  return word.replace(/(?<!\w)(\w+:\/\/[^\s:/@]+:)[^\s@]+@$/, `$1${mark}@`);
}

/** Keys of results under which stands text for people; other values are data that steps work with. */
const forPeople = new Set(["message", "hint", "note", "expected", "found", "why"]);

/** A step's result with all texts for people redacted, however deep. */
export function redactTexts<T>(value: T, key = ""): T {
  if (typeof value === "string") return (forPeople.has(key) ? redact(value) : value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactTexts(item, key)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactTexts(item, name)])) as T;
}

/** A line may be so long before it is written in parts, in characters. */
const longestLine = 65_536;

/** Redacts a text that comes in pieces: holds back what is no whole line, and an end that may be the beginning of a secret. */
export function redactor(write: (text: string) => void) {
  let held = "";
  return {
    push(piece: string): void {
      const text = held + piece;
      const line = text.lastIndexOf("\n") + 1;
      const cut = safeEnd(text, text.length - line > longestLine ? text.length : line);
      held = text.slice(cut);
      if (cut > 0) write(redact(text.slice(0, cut)));
    },
    end(): void {
      if (held !== "") write(redact(held));
      held = "";
    },
  };
}

/** Where the text may be cut, at `most` there: no secret begins before and goes on, or may go on, behind it. */
function safeEnd(text: string, most: number): number {
  let cut = most;
  const { variants, pattern } = compile();
  for (const variant of variants) {
    for (let length = Math.min(variant.length, text.length); length > text.length - cut; length -= 1) {
      if (text.endsWith(variant.slice(0, length))) cut = text.length - length;
    }
  }
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (match.index < cut && end > cut) cut = match.index;
  }
  return cut;
}

/** Variables that hand a supervisor what it must keep out of a program's logs. The program itself does not get them. */
const handed = "FIREDRILL_REDACTS_";

export function handOver(secrets: string[]): Record<string, string> {
  return Object.fromEntries(secrets.map((secret, n) => [`${handed}${n}`, secret]));
}

for (const [name, value] of Object.entries(process.env)) {
  if (value !== undefined && name.startsWith(handed)) {
    rememberSecret(value);
    delete process.env[name];
  }
  // What merely looks like a secret must not hide ordinary words; PGPASSWORD is one for certain.
  if (value !== undefined && looksSecret(name) && (name === "PGPASSWORD" || value.length >= 8)) rememberSecret(value);
}
