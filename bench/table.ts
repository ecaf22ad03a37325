import { type Figure, isMet, show } from "./figure.ts";
import type { Results } from "./results.ts";

const columns = ["measure", "value", "aim", "", "before", "remark"] as const;

/** Rows for people: what, value, aim, met or missed, change since the committed results. */
export function rowsOf(figures: Figure[], before: Results | undefined): string[][] {
  return figures.map((figure) => {
    const met = isMet(figure);
    return [
      figure.what,
      show(figure.value, figure.unit),
      aimOf(figure),
      met === undefined ? "" : met ? "met" : "MISSED",
      changeOf(figure, before),
      figure.note ?? "",
    ];
  });
}

function aimOf({ aim, unit }: Figure): string {
  if (aim === undefined) return "";
  return "most" in aim ? `at most ${aim.most} ${unit}` : `at least ${aim.least} ${unit}`;
}

/** Of a percentage the difference: a change from 1 % to 2 % is no change by 100 %. */
function changeOf({ id, value, unit }: Figure, before: Results | undefined): string {
  const last = before?.figures.find((one) => one.id === id);
  if (last === undefined) return "";
  const change = unit === "%" ? value - last.value : (value / last.value - 1) * 100;
  return `${show(last.value, unit)} (${change >= 0 ? "+" : ""}${change.toFixed(0)}${unit === "%" ? " points" : " %"})`;
}

/** Columns side by side, for a terminal. */
export function plainTable(rows: string[][]): string {
  const all = [[...columns], ...rows];
  const widths = columns.map((_, n) => Math.max(...all.map((row) => row[n]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function markdownTable(rows: string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

export function describeMachine({ date, commit, machine, versions }: Results): string {
  const { cores, processor, memoryGiB } = machine;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${date}, commit ${commit}; ${cores} cores (${processor}), ${memoryGiB} GiB of memory; ${programs.join(", ")}`;
}
