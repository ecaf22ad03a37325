import chalk from "chalk";
import type { Finding } from "../../activities/doctor/finding.ts";
import type { Tone } from "../../report/words.ts";
import type { Diagnosis } from "../doctor/diagnose.ts";
import { tonePaints } from "./columns.ts";
import { wrap } from "./text.ts";

/** What `firedrill doctor` shows: a line a check, in groups, and how to mend what is wrong. */

const signs: Record<Finding["status"], [Tone, string]> = {
  ok: ["good", "✓ ok  "],
  warning: ["doubt", "! look"],
  failed: ["bad", "✗ FAIL"],
};

const signWidth = 8;
/** Names that are longer have a line of their own. */
const longestName = 24;
/** Lines of one text; nobody reads more. */
const mostLines = 30;

/** @param width columns of the terminal; Infinity where lines are not to be broken */
export function findingLines({ plan, here, findings }: Diagnosis, width: number): string[] {
  const titles = {
    temporal: "Temporal",
    worker: "Worker",
    programs: "Programs",
    secrets: "Secrets",
    plan: `Plan ${plan ?? ""}`,
  };
  const hosts = new Set(findings.flatMap(({ host }) => host ?? []));
  const where = (host: string | null) =>
    host !== null && (hosts.size > 1 || here !== null) ? ` on ${host}${here === host ? " (this machine)" : ""}` : "";
  const sections = Map.groupBy(findings, ({ group, host }) => `${titles[group]}${where(host)}`);
  return [...[...sections].flatMap(([title, of]) => [chalk.bold(title), ...section(of, width), ""]), summary(findings)];
}

function section(findings: Finding[], width: number): string[] {
  const names = findings.map(({ name }) => name.length).filter((length) => length <= longestName);
  const nameWidth = Math.max(0, ...names) + 2;
  return findings.flatMap(({ name, status, message, hint }) => {
    const indent = signWidth + 2 + nameWidth;
    const lines = broken(message, width - indent);
    const advice = hint === null || message.endsWith(`hint: ${hint}`) ? [] : broken(`hint: ${hint}`, width - indent);
    const [tone, sign] = signs[status];
    const head = `  ${tonePaints[tone](sign)}  `;
    const first =
      name.length > longestName ? [`${head}${name}`] : [`${head}${name.padEnd(nameWidth)}${lines.shift() ?? ""}`];
    return [...first, ...[...lines, ...advice].map((line) => " ".repeat(indent) + line)];
  });
}

function broken(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => (width === Infinity ? [line.trim()] : wrap(line, width, mostLines)));
}

function summary(findings: Finding[]): string {
  const count = (status: Finding["status"]) => findings.filter((finding) => finding.status === status).length;
  const [failed, look] = [count("failed"), count("warning")];
  const doubt = look === 0 ? "" : `, ${look} to look at`;
  if (failed > 0) return tonePaints.bad(`${failed} of ${findings.length} checks failed${doubt}`);
  return look === 0
    ? tonePaints.good(`all ${findings.length} checks are well`)
    : tonePaints.doubt(`none of ${findings.length} checks failed${doubt}`);
}
