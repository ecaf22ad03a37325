import { deceptive } from "../safe-text.ts";

/** Text that is already HTML. Only `html` makes it, so that whatever comes out of a record is escaped. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | null | readonly Part[];

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(deceptive, "\ufffd").replace(/[&<>"']/g, (character) => entities[character]!);
}

function write(part: Part): string {
  if (part === null) return "";
  if (typeof part === "string") return escape(part);
  if (typeof part === "number") return String(part);
  return "markup" in part ? part.markup : part.map(write).join("");
}

/** Template tag: every value is escaped unless it is Markup; lists are joined, null is nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return { markup: String.raw({ raw: strings }, ...parts.map(write)) };
}

/** A sentence whose `backticks` are meant as code. */
export function prose(text: string): Markup {
  const pieces = text.split(/`([^`\r\n]+)`/);
  return html`${pieces.map((piece, n) => (n % 2 === 1 ? html`<code>${piece}</code>` : piece))}`;
}

/** A list of names and values; what has no value is left out. */
export function facts(entries: [name: string, value: Part][]): Markup {
  const known = entries.filter(([, value]) => value !== null);
  return html`<dl class="facts">
    ${known.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A table that becomes a list of cards where the page is narrow. */
export function table(heads: string[], rows: Part[][]): Markup {
  return html`<table>
    <thead>
      <tr>
        ${heads.map((head) => html`<th scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell, n) => html`<td data-head="${heads[n]!}"><div>${cell}</div></td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
