import type { Path } from "./schema-walk.ts";

/** Something wrong with a value that has been read, before it is known where in the file it stands. */
export interface Complaint {
  path: Path;
  /** What is wrong: lower case, no full stop. Never repeats what may be a secret. */
  message: string;
  hint: string;
  /** Point at the key, the value, or, for what is missing, the thing around it. */
  at?: "key" | "value" | "around";
}

/** `components[0].connection.port` */
export function pathText(path: Path): string {
  return path
    .map((step, depth) => {
      if (typeof step === "number") return `[${step}]`;
      return `${depth === 0 ? "" : "."}${/^[\w-]{1,60}$/.test(step) ? step : quoted(step)}`;
    })
    .join("");
}

/** A word of the file in quotes, without control characters and not longer than a line. */
export function quoted(word: string): string {
  return JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}…` : word);
}

/** `key: value` as it would stand in the file. */
export function asYaml(key: string, value: unknown): string {
  return `${key}: ${flow(value)}`;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, inside]) => asYaml(key, inside))
      .join(", ")} }`;
  if (typeof value === "string" && /^[a-zA-Z/][\w./ -]*$|^\d+ ?[a-zA-Z]+$/.test(value)) return value;
  return JSON.stringify(value);
}
