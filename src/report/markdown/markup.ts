import type { Tone } from "../words.ts";
import { visible } from "../safe-text.ts";

/** Markdown of which whatever comes out of a record is escaped. */

/** Text that Markdown shows as it is, in one line: no markup, no HTML, no table cell that ends early, nobody mentioned. */
export function plain(text: string): string {
  return visible(text)
    .replace(/[\\`*[\]|~]|(?<!\w)_|_(?!\w)|^(?:[#+-](?=\s)|\d+(?=[.)]\s))/g, (found) =>
      /^\d/.test(found) ? `${found}\\` : `\\${found}`,
    )
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/@(?=\w)/g, "@&#8203;")
    .replace(/\s*\n\s*/g, "<br>");
}

export function code(text: string): string {
  const escaped = visible(text).replace(/\n+/g, " ").replace(/`/g, "'").replace(/\|/g, "\\|");
  return escaped.trim() === "" ? "" : `\`${escaped}\``;
}

/** A sentence whose `backticks` are meant as code. */
export function prose(text: string): string {
  return text
    .split(/`([^`\r\n]+)`/)
    .map((piece, n) => (n % 2 === 1 ? code(piece) : plain(piece)))
    .join("");
}

/** Cells are Markdown already. */
export function table(heads: string[], rows: string[][]): string {
  if (rows.length === 0) return "";
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function section(title: string, body: string): string {
  return body === "" ? "" : `### ${title}\n\n${body}`;
}

export function details(summary: string, body: string): string {
  return body === "" ? "" : `<details>\n<summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

export const signs: Record<Tone, string> = { good: "✅", bad: "❌", doubt: "⚠️", open: "⏳" };
