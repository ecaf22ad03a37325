import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { secondsBetween } from "./elapsed.ts";
import { seconds, time } from "./format.ts";
import { components, overview } from "./html/components.ts";
import { interruptions, notices } from "./html/happenings.ts";
import { facts, html, type Markup } from "./html/markup.ts";
import { objectives } from "./html/objectives.ts";
import { timeline } from "./html/timeline.ts";
import { trend } from "./html/trend.ts";
import type { RunRecord } from "./record.ts";
import { seal } from "./seal.ts";
import { aim, headline, type Tone } from "./words.ts";

/** report.html: one page without a script, that asks nothing of any network. */

const style = readFileSync(new URL("./style.css", import.meta.url), "utf8");
const styleElement: Markup = { markup: `<style>${style}</style>` };
const styleHash = createHash("sha256").update(style).digest("base64");
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`;

/** The verdict's sign differs in shape, not only in colour. */
const signs: Record<Tone, string> = {
  good: "M5 12.5l4.5 4.5L19 7.5",
  bad: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  doubt: "M12 6v7.5M12 17.2v.3",
  open: "M7 12h.01M12 12h.01M17 12h.01",
};

function masthead(record: RunRecord): Markup {
  const { word, tone } = headline(record);
  return html`<header class="tone-${tone}">
    <p class="kind">Firedrill · ${record.run.type} of <b>${record.plan.name}</b> · ${record.plan.environment}</p>
    <h1>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r="12" />
        <path d="${signs[tone]}" />
      </svg>
      ${word}
    </h1>
    <p class="summary">${record.summary}</p>
  </header>`;
}

function about(record: RunRecord): Markup {
  const { run, plan, startedAt, endedAt } = record;
  const aimed = aim(run);
  const length = endedAt && html`<small>${seconds(secondsBetween(startedAt, endedAt))}</small>`;
  return html`<section class="about" aria-label="About this run">
    ${facts([
      ["Plan", `${plan.name} (${plan.environment})`],
      ...(aimed === null ? [] : [aimed]),
      ["Started by", run.by],
      ["Reason", run.reason],
      ["Started", time(startedAt)],
      ["Ended", endedAt === null ? `not yet (${record.status})` : html`${time(endedAt)} ${length}`],
      ["Workflow ID", html`<code>${run.workflowId}</code>`],
      ["Firedrill", record.codeVersion],
    ])}
  </section>`;
}

const glossary: [string, string][] = [
  ["PASS", "Every component came back within its objectives, and every check passed and was proven."],
  ["FAIL", "A check failed, lost data is not back in its place, an objective was missed, or the run was given up."],
  ["INCONCLUSIVE", "Nothing is known to be wrong, but not everything was proven."],
  ["Proven", "The answer of the check counts: it could be asked, and it did not pass while the data was lost."],
  ["Negative control", "The same check, asked while the data was lost. If it passes then, it proves nothing."],
  ["Exact", "Like is compared with like. Where writers went on, it cannot be, and the finding says so."],
  ["RTO", "Recovery time: from the loss of the data to the last check that passed."],
  [
    "RPO",
    "Recovery point: from the newest data that came back to the loss, or to the time to restore to; in an audit, how old the newest backup is.",
  ],
];

function colophon(record: RunRecord): Markup {
  const { run, plan, directory } = record;
  return html`<footer>
    <h2>How to read this report</h2>
    ${facts(glossary)}
    <h2>Provenance</h2>
    ${facts([
      ["Workflow ID", html`<code>${run.workflowId}</code>`],
      ["Run ID", html`<code>${run.runId}</code>`],
      ["Plan", html`<code class="long">sha256 ${plan.sha256}</code>`],
      ["Record", html`<code class="long">${directory}/report.json</code>`],
      ["Seal of the record", html`<code class="long">sha256 ${seal(record)}</code>`],
    ])}
  </footer>`;
}

/** The whole record as one self-contained HTML page, for people. Whatever the record holds is escaped. */
export function renderHtml(record: RunRecord): string {
  const { word } = headline(record);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${word}: ${record.run.type} of ${record.plan.name}, ${time(record.startedAt)}</title>
        <link rel="icon" href="data:," />
        ${styleElement}
      </head>
      <body>
        <main>
          ${masthead(record)} ${about(record)} ${notices(record)} ${objectives(record)} ${overview(record)}
          ${trend(record)} ${timeline(record)} ${interruptions(record)} ${components(record)} ${colophon(record)}
        </main>
      </body>
    </html>`.markup;
}
