import { recoveryText } from "../plan/recovery.ts";
import { events, isUnsolved, reloadText, type RunEvent, silenceText } from "./events.ts";
import { secondsBetween } from "./elapsed.ts";
import { seconds, time } from "./format.ts";
import { evidence } from "./markdown/evidence.ts";
import { code, details, plain, prose, section, signs, table } from "./markdown/markup.ts";
import { phaseSpans } from "./phases.ts";
import type { ComponentRecord, RpoRecord, RtoRecord, RunRecord, StepRecord } from "./record.ts";
import { seal } from "./seal.ts";
import { trendRows } from "./trend.ts";
import {
  against,
  againstRpo,
  aim,
  causes,
  score,
  headline,
  measured,
  refusedWords,
  statusWords,
  untold,
} from "./words.ts";

/** report.md: readable as it is, and as a comment on a pull request. */

function objectiveRow(
  name: string,
  record: RpoRecord,
  { text, tone }: ReturnType<typeof against>,
  split: string,
): string[] {
  const result = tone === null ? text : `${signs[tone]} ${text}`;
  return [`**${name}**`, measured(record.seconds), measured(record.objectiveSeconds), result, split];
}

function split(rto: RtoRecord): string {
  if (rto.seconds === null) return "";
  const { machineSeconds: machine, waitingSeconds: target, peopleSeconds: people } = rto;
  return `machine ${seconds(machine)}, target ${seconds(target)}, people ${seconds(people)}`;
}

function goal(record: RpoRecord): string {
  const { tone } = against(record.objectiveSeconds, record.seconds);
  const sign = tone === null ? "" : `${signs[tone]} `;
  return record.objectiveSeconds === null
    ? measured(record.seconds)
    : `${sign}${measured(record.seconds)} of ${seconds(record.objectiveSeconds)}`;
}

function componentRow(component: ComponentRecord): string[] {
  const { name, target, verdict, rto, rpo, checks } = component;
  const result = verdict === null ? "–" : `${signs[headline({ verdict, status: "done" }).tone]} ${verdict}`;
  return [`**${plain(name)}**<br>${plain(target)}`, result, goal(rto), goal(rpo), score(checks)];
}

function eventLine(event: RunEvent, record: RunRecord): string {
  const head = `- ${time(event.at)} · ${event.step === null ? "" : `${code(event.step.id)} · `}`;
  switch (event.kind) {
    case "failure": {
      const { step, failure } = event;
      const then = isUnsolved(step, failure) ? `<br>${prose(recoveryText(step, record))}` : "";
      return `${head}❌ **${plain(failure.type)}**: ${prose(failure.message)}<br>→ ${prose(failure.hint)}${then}`;
    }
    case "decision": {
      const { action, by, reason, reloaded } = event.decision;
      const read = reloaded === undefined ? "" : `; ${plain(reloadText(reloaded))}`;
      return `${head}🧑 **${action}** by ${plain(by)}: “${plain(reason)}”${read}`;
    }
    case "closed":
      return `${head}⏹️ **run ${event.part.status}**: ${plain(event.part.summary)} Run ID ${code(event.part.runId)}.`;
    case "resumed":
      return `${head}▶️ **resumed** by ${plain(event.by)}: “${plain(event.reason)}”`;
    case "pause":
    case "unpause":
      return `${head}${event.kind === "pause" ? "⏸️ **paused**" : "▶️ **went on**"} by ${plain(event.pause.by)}: “${plain(event.pause.reason)}”`;
    case "approval":
      return `${head}👍 **approved** by ${plain(event.approval.by)}: “${plain(event.approval.reason)}”`;
    case "refusedApproval":
      return `${head}🚫 an approval of ${plain(event.by)} does not count: ${plain(event.why)}`;
    case "ignored":
      return `${head}a decision was ignored: ${plain(event.why)}`;
    case "unanswered":
      return `${head}🔌 ${plain(silenceText(event))}`;
    case "death":
      return `${head}💥 the worker died${event.resumedAt === null ? "" : `; the next one went on after ${seconds(secondsBetween(event.at, event.resumedAt))}`}`;
  }
}

function stepRow(step: StepRecord): string[] {
  const { startedAt, endedAt } = step;
  const took = startedAt && endedAt ? seconds(secondsBetween(startedAt, endedAt)) : "–";
  const status = step.carriedOver ? "carried over" : statusWords[step.status];
  const attempts = step.attempts > 1 ? ` (${step.attempts} attempts)` : "";
  return [code(step.id), `${status}${attempts}`, took, plain(step.note ?? "")];
}

function about(record: RunRecord): string {
  const { run, plan, startedAt, endedAt, codeVersion, directory } = record;
  const aimed = aim(run);
  return table(
    ["", ""],
    [
      ["plan", `${plain(plan.name)} (${plain(plan.environment)}), sha256 ${code(plan.sha256)}`],
      ...(aimed === null ? [] : [[aimed[0].toLowerCase(), plain(aimed[1])]]),
      ["started by", `${plain(run.by)}: ${plain(run.reason)}`],
      ["time", `${time(startedAt)} to ${endedAt === null ? "…" : time(endedAt)}`],
      ["workflow", `${code(run.workflowId)}, run ${code(run.runId)}`],
      ["Firedrill", plain(codeVersion)],
      ["record", code(`${directory}/report.json`)],
      ["seal of the record", code(seal(record))],
    ],
  );
}

function byPhase({ steps }: RunRecord): string {
  const spans = phaseSpans(steps).flatMap(({ phase, seconds: took }) =>
    took === null ? [] : [`${phase} ${seconds(took)}`],
  );
  return spans.length === 0 ? "" : `By phase: ${spans.join(" · ")}`;
}

function trendTable(record: RunRecord): string {
  const rows = trendRows(record).map(({ startedAt, workflowId, verdict, rto, rpo }, index, { length }) => [
    time(startedAt),
    index === length - 1 ? "**this run**" : code(workflowId),
    verdict ?? "–",
    rto,
    rpo,
  ]);
  return rows.length === 0 ? "" : table(["started", "run", "verdict", "RTO", "RPO"], rows);
}

/** The record as Markdown (GitHub's), for a comment on a pull request. Whatever the record holds is escaped. */
export function renderMarkdown(record: RunRecord): string {
  const { word, tone } = headline(record);
  const { rto, rpo, components, steps } = record;
  const parts = [
    `## ${signs[tone]} ${word}: ${record.run.type} of ${plain(record.plan.name)}`,
    plain(record.summary.trim()),
    section(
      refusedWords(record).title,
      record.refusals
        .map(
          (r) =>
            `- **${plain(r.guard)}**${r.component === null ? "" : ` (${plain(r.component)})`}: ${prose(r.message)}<br>→ ${prose(r.hint)}`,
        )
        .join("\n"),
    ),
    section(
      "Diagnosis",
      causes(record)
        .map((d) => `- **${plain(d.object)}**: ${prose(d.cause)}<br>→ ${prose(d.hint)}`)
        .join("\n"),
    ),
    section(
      "Left behind",
      record.leftovers.map((l) => `- **${plain(l.what)}** at ${plain(l.where)}: ${prose(l.why)}`).join("\n"),
    ),
    section(
      "Notices that were not sent",
      untold(record)
        .map(({ what, why }) => `- **${plain(what)}**: ${plain(why)}`)
        .join("\n"),
    ),
    table(
      ["", "measured", "objective", "result", "split"],
      [
        objectiveRow("RTO", rto, against(rto.objectiveSeconds, rto.seconds), split(rto)),
        objectiveRow("RPO", rpo, againstRpo(record), ""),
      ],
    ),
    byPhase(record),
    table(["component", "verdict", "RTO", "RPO", "checks proven"], components.map(componentRow)),
    section("Drills so far", trendTable(record)),
    section(
      "Interruptions and decisions",
      events(record)
        .map((event) => eventLine(event, record))
        .join("\n"),
    ),
    ...components.map((component) => evidence(component, record)),
    details(`All ${steps.length} steps`, table(["step", "status", "took", "evidence"], steps.map(stepRow))),
    details("About this run", about(record)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
