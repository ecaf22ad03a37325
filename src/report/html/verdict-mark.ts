import type { Verdict } from "../record.ts";
import { type Tone, verdictTone } from "../words.ts";
import { html, type Markup } from "./markup.ts";

export function mark(text: string, tone: Tone | "none"): Markup {
  return html`<span class="mark tone-${tone}">${text}</span>`;
}

export function verdictMark(verdict: Verdict | null): Markup {
  return verdict === null ? mark("no verdict", "none") : mark(verdict, verdictTone[verdict]);
}
