import { secondsBetween } from "../elapsed.ts";
import { seconds, time } from "../format.ts";
import { phaseSpans } from "../phases.ts";
import type { RunRecord, StepRecord } from "../record.ts";
import { statusWords, stretchWords } from "../words.ts";
import { html, type Markup } from "./markup.ts";
import { type Bar, bars, type Scale, scaleOf } from "./timeline-scale.ts";

/** The timeline: one row a step, grouped by phase. Widths are percentages, so that one drawing fits every page. */

const barWords = { ...stretchWords, running: "still running" };

/** Kinds that are told apart by a pattern, so that the timeline can be read without colours. */
const patterns = html`<svg class="patterns" width="0" height="0" aria-hidden="true">
  <defs>
    <pattern id="failed" width="6" height="6" patternUnits="userSpaceOnUse">
      <rect class="bad-fill" width="6" height="6" />
      <path class="on-bad" d="M0 0L6 6M6 0L0 6" />
    </pattern>
    <pattern id="died" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="ran-soft" width="6" height="6" />
      <rect class="bad-fill" width="2.5" height="6" />
    </pattern>
    <pattern id="resuming" width="5" height="5" patternUnits="userSpaceOnUse">
      <circle class="ink-fill" cx="2.5" cy="2.5" r="1" />
    </pattern>
    <pattern id="unanswered" width="4" height="4" patternUnits="userSpaceOnUse">
      <rect class="ran-soft" width="4" height="4" />
      <rect class="ink-fill" width="4" height="1" />
    </pattern>
    <pattern id="waited" width="6" height="6" patternUnits="userSpaceOnUse">
      <rect class="doubt-soft" width="6" height="6" />
      <rect class="doubt-fill" width="1.5" height="6" />
    </pattern>
    <pattern id="running" width="8" height="6" patternUnits="userSpaceOnUse">
      <rect class="ran-soft" width="8" height="6" />
      <rect class="ran-fill" width="5" height="6" />
    </pattern>
  </defs>
</svg>`;

function vertical(className: string, at: number | undefined): Markup | null {
  return at === undefined ? null : html`<line class="${className}" x1="${at}%" x2="${at}%" y1="0" y2="100%" />`;
}

function barTitle({ kind, from, to, by }: Bar): string {
  const words = by === undefined ? barWords[kind] : `the ${by} did not answer`;
  return `${words} ${seconds((to - from) / 1000)}, from ${time(new Date(from).toISOString())}`;
}

function drawBar(bar: Bar, scale: Scale): Markup {
  const x = Math.max(0, scale.percent(bar.from) ?? 0);
  const width = Math.max(0.4, (scale.percent(bar.to) ?? 100) - x);
  return html`<rect
    class="bar bar-${bar.kind}"
    x="${Math.min(x, 99.6)}%"
    width="${width}%"
    y="50%"
    height="12"
    transform="translate(0 -6)"
    ><title>${barTitle(bar)}</title></rect
  >`;
}

/** The first moment of loss: from here on recovery time counts. */
function firstLoss(record: RunRecord): string | undefined {
  return record.components.flatMap(({ lostAt }) => lostAt ?? []).sort()[0];
}

function track(step: StepRecord, record: RunRecord, scale: Scale): Markup {
  const drawn = bars(step, scale);
  const loss = firstLoss(record);
  const lines = scale.ticks.map(({ at }) => vertical("tick", at));
  const said = drawn.map(barTitle).join("; ") || statusWords[step.status];
  return html`<div class="track">
    <svg role="img" aria-label="${said}">
      ${lines} ${loss === undefined ? null : vertical("loss", scale.percent(Date.parse(loss)))}
      ${drawn.map((bar) => drawBar(bar, scale))}
    </svg>
  </div>`;
}

function took(step: StepRecord): string {
  if (step.carriedOver) return "earlier run";
  if (step.startedAt === null) return "–";
  if (step.endedAt === null) return "…";
  return seconds(secondsBetween(step.startedAt, step.endedAt));
}

function row(step: StepRecord, record: RunRecord, scale: Scale): Markup {
  const usual = step.expectedSeconds === null ? null : html`<small>usually ${seconds(step.expectedSeconds)}</small>`;
  const tags = [
    step.destroys ? html`<span class="tag tone-bad">destroys</span>` : null,
    step.status === "done" || step.status === "pending"
      ? null
      : html`<span class="tag">${statusWords[step.status]}</span>`,
    step.attempts > 1 ? html`<span class="tag">${step.attempts} attempts</span>` : null,
    step.carriedOver ? html`<span class="tag">carried over</span>` : null,
  ];
  return html`<li class="step is-${step.status}" data-step="${step.id}">
    <div class="what">
      <p>${step.title} ${tags}</p>
      <p class="note"><code>${step.id}</code>${step.note === null ? null : html` · ${step.note}`}</p>
    </div>
    ${track(step, record, scale)}
    <p class="took">${took(step)} ${usual}</p>
  </li>`;
}

function anchor(at: number): string {
  if (at < 12) return "start";
  return at > 88 ? "end" : "middle";
}

function axis(record: RunRecord, scale: Scale): Markup {
  const lost = firstLoss(record);
  const at = lost === undefined ? undefined : scale.percent(Date.parse(lost));
  const word = record.run.scenario === "none" ? "restore began" : "data lost";
  const moment =
    lost === undefined || at === undefined
      ? null
      : html`<text class="loss-label" x="${at}%" y="12" text-anchor="${anchor(at)}"
            >${word} ${time(lost).slice(11, 19)}</text
          >
          <line class="loss" x1="${at}%" x2="${at}%" y1="17" y2="40" />`;
  const ticks = scale.ticks.map(
    (tick) => html`<text x="${tick.at}%" y="32" text-anchor="${anchor(tick.at)}">${tick.label}</text>`,
  );
  return html`<div class="axis" aria-hidden="true"><svg width="100%" height="40">${ticks}${moment}</svg></div>`;
}

function legend(record: RunRecord, scale: Scale): Markup {
  const seen = new Set(record.steps.flatMap((step) => bars(step, scale)).map(({ kind }) => kind));
  const kinds = (Object.keys(barWords) as Bar["kind"][]).filter((kind) => seen.has(kind));
  return html`<ul class="legend">
    ${kinds.map(
      (kind) =>
        html`<li>
          <svg class="key" aria-hidden="true"><rect class="bar bar-${kind}" width="100%" height="100%" /></svg
          >${barWords[kind]}
        </li>`,
    )}
  </ul>`;
}

export function timeline(record: RunRecord): Markup {
  const scale = scaleOf(record);
  const group = ({ phase, seconds: took, steps }: ReturnType<typeof phaseSpans>[number]) =>
    html`<li>
      <h3>${phase} <small>${took === null ? null : seconds(took)}</small></h3>
      <ol>
        ${steps.map((step) => row(step, record, scale))}
      </ol>
    </li>`;
  return html`<section class="timeline">
    <h2>Timeline</h2>
    ${patterns} ${legend(record, scale)} ${axis(record, scale)}
    <ol class="phases">
      ${phaseSpans(record.steps).map(group)}
    </ol>
  </section>`;
}
