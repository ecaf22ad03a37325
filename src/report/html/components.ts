import { bytes, seconds, time } from "../format.ts";
import { throughputWords } from "../throughput.ts";
import type { CheckRecord, ComponentRecord, RpoRecord, RunRecord } from "../record.ts";
import {
  against,
  checkWords,
  controlWords,
  downtimeWords,
  measured,
  newestWords,
  recovered,
  recoveryWords,
  score,
} from "../words.ts";
import { facts, html, type Markup, table } from "./markup.ts";
import { mark, verdictMark } from "./verdict-mark.ts";

/** Components: an overview of all, then the evidence of each. */

function goal(record: RpoRecord): Markup {
  const { tone } = against(record.objectiveSeconds, record.seconds);
  const objective =
    record.objectiveSeconds === null ? null : html`<span class="soft">of ${seconds(record.objectiveSeconds)}</span>`;
  if (tone === null) return html`${measured(record.seconds)} ${objective}`;
  return html`<b>${measured(record.seconds)}</b> ${objective} ${mark(tone === "good" ? "met" : "missed", tone)}`;
}

export function overview({ components }: RunRecord): Markup | null {
  if (components.length === 0) return null;
  const rows = components.map((component) => [
    html`<b>${component.name}</b> <small>${component.target}</small>`,
    verdictMark(component.verdict),
    goal(component.rto),
    goal(component.rpo),
    score(component.checks),
  ]);
  return html`<section>
    <h2>Components</h2>
    ${table(["Component", "Verdict", "RTO", "RPO", "Checks proven"], rows)}
  </section>`;
}

function control({ negativeControl }: CheckRecord): Markup {
  const words = controlWords(negativeControl);
  if (negativeControl === null) return mark(words, "none");
  return html`${mark(words, negativeControl.passed ? "doubt" : "good")} <small>${negativeControl.found}</small>`;
}

function checkRow(check: CheckRecord) {
  const result = checkWords(check);
  return [
    html`<b>${check.title}</b> ${check.name === check.title ? null : html`<small><code>${check.name}</code></small>`}`,
    mark(result.text, result.tone),
    check.proven ? mark("proven", check.passed ? "good" : "none") : mark("not proven", "doubt"),
    check.exact ? "exact" : "not exact",
    control(check),
    check.expected,
    check.found,
  ];
}

/** What came back by itself, in the order in which it was ready. */
function recoveryTable(component: ComponentRecord): Markup | null {
  const rows = recovered(component).map((check) => {
    const { there, ready } = recoveryWords(check);
    const { text, tone } = checkWords(check);
    return [html`<b>${check.title}</b>`, there, ready, mark(text, tone), check.passed ? null : check.found];
  });
  return rows.length === 0 ? null : table(["Object", "There after", "Ready after", "As before", "Why not"], rows);
}

function evidence(component: ComponentRecord, record: RunRecord): Markup {
  const lost = record.run.scenario === "none" ? "Restore began" : "Data lost";
  const { backup, checks, lostAt, newestRecoveredAt } = component;
  const heads = ["Check", "Result", "Proof", "Comparison", "Negative control", "Expected", "Found"];
  return html`<article>
    <h3>${component.name} ${verdictMark(component.verdict)}</h3>
    ${facts([
      ["Target", html`${component.target} <small>${component.kind}</small>`],
      ["Backup", backup === null ? "none" : html`<code>${backup.id}</code>`],
      ["Backup ended", backup && html`${time(backup.completedAt)} <small>${bytes(backup.bytes)}</small>`],
      ["Backup took", throughputWords(record, component, "backup")],
      ["Restore took", throughputWords(record, component, "restore")],
      ["Location", backup && html`<code class="long">${backup.location}</code>`],
      ["sha256", backup?.sha256 ? html`<code class="long">${backup.sha256}</code>` : null],
      [lost, lostAt && time(lostAt)],
      [newestWords(record), newestRecoveredAt && time(newestRecoveredAt)],
      ["Expected downtime", downtimeWords(component)],
    ])}
    ${recoveryTable(component)} ${checks.length === 0 ? noCheck(record) : table(heads, checks.map(checkRow))}
  </article>`;
}

function noCheck({ run }: RunRecord): Markup | null {
  return run.type === "audit" ? null : html`<p class="empty">No check has run.</p>`;
}

export function components(record: RunRecord): Markup | null {
  if (record.components.length === 0) return null;
  return html`<section class="evidence">
    <h2>Evidence</h2>
    ${record.components.map((component) => evidence(component, record))}
  </section>`;
}
