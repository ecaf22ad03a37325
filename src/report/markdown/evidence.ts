import { bytes, time } from "../format.ts";
import type { ComponentRecord, RunRecord } from "../record.ts";
import { throughputWords } from "../throughput.ts";
import { checkWords, controlWords, downtimeWords, newestWords, recovered, recoveryWords, score } from "../words.ts";
import { code, details, plain, signs, table } from "./markup.ts";

/** What came back by itself: object, whether it existed, when it was there and ready, and what is to be said of it. */
function recoveryTable(component: ComponentRecord): string {
  const rows = recovered(component).map((check) => {
    const { there, ready } = recoveryWords(check);
    const said = check.passed ? "" : plain(check.found);
    return [
      `**${plain(check.title)}**`,
      there,
      ready,
      `${signs[checkWords(check).tone]} ${checkWords(check).text}`,
      said,
    ];
  });
  return rows.length === 0 ? "" : table(["object", "there after", "ready after", "as before", "why not"], rows);
}

/** What is known of a component: its backup, what came back, and every check. */
export function evidence(component: ComponentRecord, record: RunRecord): string {
  const { name, checks, backup, newestRecoveredAt } = component;
  const downtime = downtimeWords(component);
  const newest = newestRecoveredAt && `${newestWords(record)}: ${time(newestRecoveredAt)}`;
  const copy =
    backup &&
    [
      `Backup ${code(backup.id)}, ${bytes(backup.bytes)}, ended ${time(backup.completedAt)}, in ${code(backup.location)}`,
      backup.sha256 === null ? "" : `, sha256 ${code(backup.sha256)}`,
    ].join("");
  const took = (["backup", "restore"] as const).flatMap((verb) => {
    const words = throughputWords(record, component, verb);
    return words === null ? [] : `${verb} took ${words}`;
  });
  const rows = checks.map((check) => [
    `**${plain(check.title)}**`,
    `${signs[checkWords(check).tone]} ${checkWords(check).text}`,
    check.proven ? "proven" : "**not proven**",
    check.exact ? "exact" : "not exact",
    [controlWords(check.negativeControl), plain(check.negativeControl?.found ?? "")].filter(Boolean).join("<br>"),
    plain(check.expected),
    plain(check.found),
  ]);
  const heads = ["check", "result", "proof", "comparison", "negative control", "expected", "found"];
  const down = downtime && `Expected downtime, by the checks from outside: **${downtime}**`;
  const body = [copy, took.join("; "), newest, down, recoveryTable(component), table(heads, rows)]
    .filter(Boolean)
    .join("\n\n");
  return details(
    `Evidence of ${plain(name)}: ${checks.length === 0 ? (record.run.type === "audit" ? "its newest backup" : "no check has run") : `${score(checks)} checks passed and proven`}`,
    body,
  );
}
