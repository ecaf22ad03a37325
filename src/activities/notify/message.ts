import { redact } from "../../redaction.ts";
import { secondsBetween } from "../../report/elapsed.ts";
import { seconds } from "../../report/format.ts";
import type { NoticeFacts } from "../../report/notices.ts";
import { shellWord, visible } from "../../report/safe-text.ts";
import { headline, measured } from "../../report/words.ts";

/** What a person reads. Whoever sends it escapes it. */
export interface Message {
  /** The same for every attempt to say the same thing. */
  id: string;
  title: string;
  /** A few lines. */
  text: string;
  link: string | null;
}

/** Services cut or refuse longer texts. */
const longest = { title: 200, why: 600 };

/**
 * @param reminder 0 for the first word on it
 * @param ui address of the Temporal UI
 */
export function messageOf(
  facts: NoticeFacts,
  reminder: number,
  { ui, namespace, now }: { ui: string | undefined; namespace: string; now: Date },
): Message {
  const { workflowId, runId } = facts.run;
  const link =
    ui === undefined
      ? null
      : `${ui.replace(/\/+$/, "")}/namespaces/${[namespace, "workflows", workflowId, runId].map(encodeURIComponent).join("/")}`;
  const title = titleOf(facts, reminder);
  const lines = [title, ...about(facts, reminder, now), link ?? `firedrill status ${shellWord(workflowId)}`];
  const id = [runId, facts.event, facts.waiting?.step ?? "", facts.at, reminder].join("/");
  return { id, title, text: lines.filter((line) => line !== "").join("\n"), link };
}

function titleOf({ event, plan, run, status, verdict, waiting }: NoticeFacts, reminder: number): string {
  const what = `${run.type} of ${plan}`;
  const said = {
    start: `${what} has begun`,
    waiting: `${reminder > 0 ? "Still waiting" : "Waiting"} for a person: ${what} at ${waiting?.step ?? ""}`,
    end: `${headline({ verdict, status }).word}: ${what}`,
  };
  return oneLine(said[event], longest.title);
}

function about(facts: NoticeFacts, reminder: number, now: Date): string[] {
  const { event, at, run, waiting, summary } = facts;
  if (event === "start") return [oneLine(`scenario ${run.scenario}, started by ${run.by}: ${run.reason}`, longest.why)];
  if (event === "end") return [oneLine(summary, longest.why), objective("RTO", facts.rto), objective("RPO", facts.rpo)];
  const since = `for ${seconds(secondsBetween(at, now.toISOString()))}, reminder ${reminder}`;
  return [...(reminder > 0 ? [since] : []), ...[waiting!.why, waiting!.hint].map((text) => oneLine(text, longest.why))];
}

function objective(name: string, { seconds: took, objectiveSeconds }: NoticeFacts["rpo"]): string {
  if (took === null) return "";
  return `${name} ${measured(took)}${objectiveSeconds === null ? "" : ` of ${seconds(objectiveSeconds)}`}`;
}

function oneLine(text: string, most: number): string {
  const line = visible(redact(text)).replaceAll(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1)}…`.toWellFormed() : line;
}
