/**
 * Text of others, made safe to show. Who starts a run, names a workflow or answers as a server decides what stands in a
 * record: on a terminal it must not move the cursor, change colours or turn the direction of reading around.
 */

/** Control characters but tab and line feed, and those that override the direction of text. */
// oxlint-disable-next-line no-control-regex
export const deceptive = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** The text, or every text within a value, without what could deceive a reader. */
export function visible<T>(value: T): T {
  if (typeof value === "string") return value.replace(deceptive, "") as T;
  if (Array.isArray(value)) return value.map(visible) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [visible(key), visible(inside)])) as T;
}

/** JSON for people and programs: it means the same as the value, and shows nothing that could deceive. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    deceptive,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A word of a command that is there to be typed, in one line: as it is, or quoted for a shell. */
export function shellWord(text: string): string {
  if (/^[\w./-]+$/.test(text)) return text;
  const line = visible(text).replaceAll(/[\t\n]/g, " ");
  return `'${line.replaceAll("'", String.raw`'\''`)}'`;
}
