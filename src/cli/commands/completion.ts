import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { planNames } from "../../plan/load.ts";
import { type Shell, scripts } from "../completion/scripts.ts";
import { fitting } from "../completion/fitting.ts";
import { print } from "../console.ts";
import { exitCodes } from "../outcome.ts";

/** Prints what a shell has to run once. */
export function printCompletion(shell: Shell): number {
  print(scripts[shell]);
  return exitCodes.done;
}

/** Answers a shell: a line for each word that fits where the cursor is, or `:files`. */
export async function complete(top: Command, typed: string[]): Promise<number> {
  const fits = fitting(top, typed);
  if (fits === "files") print(":files");
  else if (fits === "plans") {
    const names = await planNames(loadConfig().plans);
    for (const name of names) if (name.startsWith(typed.at(-1) ?? "")) print(name);
  } else for (const { word, about } of fits) print(`${word}\t${about}`);
  return exitCodes.done;
}
