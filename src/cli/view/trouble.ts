import chalk from "chalk";
import { seconds } from "../../report/format.ts";
import type { Trouble } from "./scene.ts";
import { wrap } from "./text.ts";

/** Why the view knows nothing new, for how long, and what helps. */
export function troubleLines(trouble: Trouble | null, now: number, columns: number): string[] {
  if (trouble === null) return [];
  const message = `${trouble.message} (${seconds(Math.floor((now - trouble.since) / 1000))})`;
  return [
    ...wrap(`! ${message}`, columns, 2).map((line) => chalk.yellow(line)),
    ...wrap(trouble.hint, columns - 2, 2).map((line) => `  ${line}`),
  ];
}
