import { join } from "node:path";
import chalk from "chalk";
import { counts } from "../../report/diagnosis.ts";
import { time } from "../../report/format.ts";
import type { RpoRecord, RtoRecord, RunRecord } from "../../report/record.ts";
import { visible } from "../../report/safe-text.ts";
import { headline, measured, score } from "../../report/words.ts";
import { columns, tonePaints } from "./columns.ts";

/** The end of a run for a terminal: verdict, table, what went wrong, where the reports are. */

function row(name: string, verdict: string, rto: RtoRecord, rpo: RpoRecord, checks: string): string[] {
  return [
    name,
    verdict,
    measured(rto.seconds),
    measured(rto.objectiveSeconds),
    measured(rpo.seconds),
    measured(rpo.objectiveSeconds),
    checks,
  ];
}

function table(record: RunRecord): string[] {
  const rows = [
    ["component", "verdict", "RTO", "objective", "RPO", "objective", "proven"],
    ...record.components.map((c) => row(c.name, c.verdict ?? "–", c.rto, c.rpo, score(c.checks))),
    row("whole run", record.verdict ?? "–", record.rto, record.rpo, `${record.score.proven} of ${record.score.total}`),
  ];
  return columns(rows);
}

function failedChecks(record: RunRecord): string[] {
  return record.components.flatMap(({ name, checks }) =>
    checks
      .filter((check) => !counts(check))
      .flatMap((check) => [
        `${chalk.red("✘")} ${name}: ${check.title}${check.passed ? " (proves nothing)" : ""}`,
        `  expected ${check.expected}; found ${check.found}`,
      ]),
  );
}

function lastFailures(record: RunRecord): string[] {
  return record.steps
    .filter(({ status }) => status === "aborted" || status === "skipped")
    .flatMap(({ id, status, failures }) => {
      const failure = failures.at(-1);
      if (failure === undefined) return [];
      return [`${chalk.red("✘")} ${id} (${status}): ${failure.message}`, `  hint: ${failure.hint}`];
    });
}

/** A diagnosis that says no more than a refusal, or than the failure of its step, is not said twice. */
function diagnoses({ diagnosis, refusals, steps }: RunRecord): string[] {
  const told = [...refusals, ...steps.flatMap(({ failures }) => failures)].map(({ message }) => message);
  return diagnosis
    .filter(({ cause }) => !told.some((message) => message.startsWith(cause)))
    .flatMap(({ object, cause, hint }) => [`${object}: ${cause}`, `  hint: ${hint}`]);
}

/** How much a restore has brought back; in an exercise the RPO says it. */
function newestData({ run, components }: RunRecord): string[] {
  if (run.type !== "restore") return [];
  return components.flatMap(({ name, newestRecoveredAt }) =>
    newestRecoveredAt === null ? [] : [`${name}: its newest data is of ${time(newestRecoveredAt)}`],
  );
}

function paragraph(lines: string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}

export function summaryLines(ended: RunRecord): string[] {
  const record = visible(ended);
  const { word, tone } = headline(record);
  const measures = record.run.type === "audit" || record.components.some(({ checks }) => checks.length > 0);
  const wide = record.verdict !== null && measures;
  return [
    "",
    `${tonePaints[tone].bold(word)}  ${record.summary}`,
    ...paragraph(wide ? table(record) : []),
    ...paragraph(newestData(record)),
    ...paragraph(
      record.refusals.flatMap(({ guard, component, message, hint }) => [
        `${chalk.red("✘")} ${guard}${component === null ? "" : ` (${component})`}: ${message}`,
        `  hint: ${hint}`,
      ]),
    ),
    ...paragraph(failedChecks(record)),
    ...paragraph(lastFailures(record)),
    ...paragraph(diagnoses(record)),
    ...paragraph(record.leftovers.map(({ what, where, why }) => `left behind: ${what}, ${where}: ${why}`)),
    ...paragraph(
      record.endedAt === null ? [] : ["html", "md", "json"].map((end) => join(record.directory, `report.${end}`)),
    ),
  ];
}
