import { time } from "../format.ts";
import type { RunRecord } from "../record.ts";
import { trendRows } from "../trend.ts";
import { html, type Markup, table } from "./markup.ts";
import { verdictMark } from "./verdict-mark.ts";

/** The drills before this one: is it faster or slower than they were? */
export function trend(record: RunRecord): Markup | null {
  const rows = trendRows(record);
  if (rows.length === 0) return null;
  const longest = Math.max(...rows.map(({ rtoSeconds }) => rtoSeconds ?? 0), 0.001);
  const cells = rows.map(({ startedAt, workflowId, verdict, rto, rtoSeconds, rpo }, index) => [
    index === rows.length - 1
      ? html`<b>This run</b> <small>${time(startedAt)}</small>`
      : html`${time(startedAt)} <small><code>${workflowId}</code></small>`,
    verdictMark(verdict),
    html`${rto} ${bar(Math.max(rtoSeconds ?? 0, 0) / longest)}`,
    rpo,
  ]);
  return html`<section>
    <h2>Drills so far</h2>
    ${table(["Started", "Verdict", "RTO", "RPO"], cells)}
  </section>`;
}

/** @param part of the longest, 0 to 1 */
function bar(part: number): Markup {
  return html`<svg class="split" width="100%" height="6" aria-hidden="true">
    <rect class="part-machine" width="${part * 100}%" height="6"></rect>
  </svg>`;
}
