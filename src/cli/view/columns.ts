import chalk from "chalk";
import type { Tone } from "../../report/words.ts";

export const tonePaints: Record<Tone, typeof chalk> = {
  good: chalk.green,
  bad: chalk.red,
  doubt: chalk.yellow,
  open: chalk.cyan,
};

/** Lines of a table; the first row is its head. `paint` colours a cell that has its width already. */
export function columns(
  rows: string[][],
  paint: (cell: string, column: number, row: number) => string = (cell) => cell,
): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows.map((cells, row) => {
    const padded = cells.map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column]!)));
    if (row === 0) return chalk.dim(padded.join("  ").trimEnd());
    return padded
      .map((cell, column) => paint(cell, column, row - 1))
      .join("  ")
      .trimEnd();
  });
}
