import { seconds } from "../format.ts";
import type { RpoRecord, RtoRecord, RunRecord } from "../record.ts";
import { against, againstRpo, measured } from "../words.ts";
import { html, type Markup } from "./markup.ts";

/** Recovery time and recovery point against their objectives. */

const parts = [
  ["machine", "machineSeconds", "machine at work"],
  ["target", "waitingSeconds", "target coming back"],
  ["people", "peopleSeconds", "waiting for people"],
] as const;

function split(rto: RtoRecord): Markup | null {
  const total = parts.reduce((sum, [, key]) => sum + rto[key], 0);
  if (rto.seconds === null || total === 0) return null;
  let left = 0;
  const bars = parts.map(([name, key]) => {
    const width = (rto[key] / total) * 100;
    left += width;
    return html`<rect class="part-${name}" x="${left - width}%" width="${width}%" height="14"></rect>`;
  });
  const key = parts.map(
    ([name, key, label]) =>
      html`<li>
        <svg class="key" aria-hidden="true"><rect class="part-${name}" width="100%" height="100%"></rect></svg>${label}:
        <b>${seconds(rto[key])}</b>
      </li>`,
  );
  return html`<svg class="split" width="100%" height="14" aria-hidden="true">${bars}</svg>
    <ul class="legend">
      ${key}
    </ul>`;
}

function meter({ objectiveSeconds: objective, seconds: measured }: RpoRecord): Markup | null {
  if (objective === null || measured === null) return null;
  const scale = Math.max(objective, measured, 1) / 100;
  const used = Math.max(measured / scale, 0.4);
  return html`<svg class="meter" width="100%" height="12" aria-hidden="true">
    <rect class="meter-room" y="4" width="${objective / scale}%" height="4" />
    <rect class="${measured > objective ? "meter-over" : "meter-used"}" y="4" width="${used}%" height="4" />
    <line class="meter-goal" x1="${objective / scale}%" x2="${objective / scale}%" y1="0" y2="12" />
  </svg>`;
}

function figure(
  name: string,
  meaning: string,
  record: RpoRecord,
  { text, tone }: ReturnType<typeof against>,
  more: Markup | null,
): Markup {
  const objective =
    record.objectiveSeconds === null ? null : html`<span>objective ${seconds(record.objectiveSeconds)}</span>`;
  return html`<div class="figure">
    <h3><abbr>${name}</abbr> ${meaning}</h3>
    <p class="measure">${measured(record.seconds)}</p>
    <p class="against tone-${tone ?? "none"}"><b>${text}</b> ${objective}</p>
    ${meter(record)} ${more}
  </div>`;
}

export function objectives(record: RunRecord): Markup {
  const { run, rto, rpo } = record;
  return html`<section class="figures" aria-label="Objectives">
    ${figure("RTO", "time until the data was back", rto, against(rto.objectiveSeconds, rto.seconds), split(rto))}
    ${figure("RPO", run.type === "audit" ? "time whose data would be lost" : "time whose data was lost", rpo, againstRpo(record), null)}
  </section>`;
}
