import { recoveryText } from "../plan/recovery.ts";
import { approvalsSoFar } from "../report/approvals.ts";
import { secondsBetween } from "../report/elapsed.ts";
import type { Pause } from "../report/people.ts";
import type { RunRecord, StepRecord, StepStatus } from "../report/record.ts";
import { shellWord, visible } from "../report/safe-text.ts";

const marks: Record<StepStatus, string> = {
  pending: "▫️",
  running: "⏳",
  waiting: "✋",
  paused: "⏸️",
  done: "✅",
  skipped: "⏭️",
  aborted: "❌",
  cancelled: "🚫",
};

/** The runbook as Markdown with ticks and times: what the Temporal UI and `temporal workflow metadata` show of a run. */
export function renderDetails(record: RunRecord, workflowId: string): string {
  const { run, plan, steps } = record;
  const done = steps.filter(({ status }) => status === "done").length;
  const scenario = run.type === "exercise" ? `, scenario ${run.scenario}` : "";
  const head = `**${record.verdict ?? record.status}** · ${run.type} of plan ${plan.name}${scenario}, started by ${run.by}: ${run.reason}`;
  const count = steps.length === 0 ? "reading the plan" : `${done} of ${steps.length} steps done`;
  const waiting = steps
    .filter(({ status }) => status === "waiting")
    .map((step) => (step.phase === "approve" ? renderApproval(record, step) : renderWaiting(record, step, workflowId)));
  const isOver = record.status === "closing" || record.endedAt !== null;
  const pause = isOver ? undefined : record.pauses.findLast(({ ended }) => ended === null);
  const phases = [...new Set(steps.map(({ phase }) => phase))].map((phase) => {
    const lines = renderPhase(
      steps.filter((step) => step.phase === phase),
      record.components,
    );
    return `### ${phase}\n${lines.join("\n")}`;
  });
  const refusals = record.refusals.map(({ message, hint }) => `- refused: ${message}\n  - ${hint}`);
  const parts = [
    head,
    record.summary || count,
    ...(pause ? [renderPause(pause, workflowId)] : []),
    ...waiting,
    refusals.join("\n"),
    ...phases,
  ];
  return visible(parts.filter((part) => part !== "").join("\n\n"));
}

/** Of many volumes a line for each kind of step, which says of how many it is done; what needs a person's eye stands below it. */
function renderPhase(steps: StepRecord[], components: RunRecord["components"]): string[] {
  const manyOf = new Map(components.map(({ name, of }) => [name, of?.component]));
  const groups = Map.groupBy(steps, (step) => {
    const many = manyOf.get(step.component ?? "");
    return many === undefined ? step.id : `${many}: ${step.id.slice(0, -step.component!.length)}`;
  });
  return [...groups.values()].flatMap((group) => {
    const [first] = group as [StepRecord];
    const many = manyOf.get(first.component ?? "");
    return many === undefined ? renderStep(first) : renderVolumes(group, first, many);
  });
}

function renderVolumes(steps: StepRecord[], first: StepRecord, many: string): string[] {
  const has = (status: StepStatus) => steps.some((step) => step.status === status);
  const done = steps.filter(({ status }) => status === "done").length;
  const untouched = !steps.some(({ status }) => status !== "pending");
  const worst = (["waiting", "paused", "aborted", "cancelled"] as const).find(has);
  const mark = marks[worst ?? (done === steps.length ? "done" : untouched ? "pending" : "running")];
  const title = first.title.replace(first.component!, `each volume of ${many}`);
  const unusual = steps.filter(({ status }) => !["pending", "running", "done"].includes(status));
  return [`- ${mark} ${title}: ${done} of ${steps.length} volumes`, ...unusual.map((step) => `  ${renderStep(step)}`)];
}

function renderStep(step: StepRecord): string {
  const seconds =
    step.startedAt && step.endedAt ? ` (${secondsBetween(step.startedAt, step.endedAt).toFixed(1)} s)` : "";
  const again = step.attempts > 1 ? `, ${step.attempts} attempts` : "";
  const note = step.note === null ? "" : ` — ${step.note}`;
  return `- ${marks[step.status]} ${step.title}${seconds}${again}${note}`;
}

function renderPause({ by, reason }: Pause, workflowId: string): string {
  const id = shellWord(workflowId);
  const input = JSON.stringify({ by: "YOU", reason: "WHY" });
  return [
    `> ⏸️ **paused** by ${by}: ${reason}. No further step begins.`,
    ">",
    `> \`temporal workflow update execute --workflow-id ${id} --name unpause --input '${input}'\``,
    `> or \`firedrill unpause ${id} --reason WHY\``,
  ].join("\n");
}

/** Who must agree, and how. */
function renderApproval({ approvals, run, plan, startedAt }: RunRecord, step: StepRecord): string {
  if (approvals === null) return "";
  const id = shellWord(run.workflowId);
  const input = JSON.stringify({ by: "YOU", reason: "WHY", planSha256: plan.sha256.slice(0, 16) });
  return [
    `> ✋ **${step.id}** waits for other people than ${run.by}: ${approvalsSoFar(approvals, step.startedAt ?? startedAt)}`,
    ">",
    `> \`temporal workflow update execute --workflow-id ${id} --name approve --input '${input}'\``,
    `> or \`firedrill approve ${id} --reason WHY\``,
  ].join("\n");
}

/** What happened, what to do, and the very command to type: it answers this failure and no later one. */
function renderWaiting(record: RunRecord, step: StepRecord, workflowId: string): string {
  const failureNo = step.failures.length;
  const failure = step.failures.at(-1);
  const run = shellWord(workflowId);
  const actions = step.skippable ? "retry, skip or abort" : "retry or abort";
  const input = JSON.stringify({ step: step.id, action: "retry", by: "YOU", reason: "WHY", failureNo });
  return [
    `> ✋ **${step.id}** waits for a person: ${actions}`,
    `> ${failure?.message ?? ""}`,
    `> ${failure?.hint ?? ""}`,
    ">",
    `> ${recoveryText(step, record)}`,
    ">",
    `> \`temporal workflow update execute --workflow-id ${run} --name decide --input '${input}'\``,
    `> or \`firedrill retry ${run} ${step.id} --failure ${failureNo} --reason WHY\``,
  ].join("\n");
}
