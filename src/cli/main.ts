import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { setUpConsole, watchOutputs } from "./console.ts";
import { reportFailure } from "./failure.ts";
import { addCommands } from "./commands.ts";

/** The command line: arguments here and in commands.ts; what a command does is loaded when it is called. */

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

const exitCodesHelp = `
Exit codes: 0 PASS or done, 1 FAIL, 2 wrong use or plan, 3 refused by a guard,
            4 INCONCLUSIVE or skipped, 5 waits for a person, 6 a system is not reachable`;

/** The command that was called prints JSON. */
let json = false;

function program(): Command {
  const top = new Command("firedrill")
    .description(
      "Disaster-recovery drills: destroys a target on purpose, restores it and proves that the data is back.",
    )
    .version(version())
    .addOption(new Option("--no-color", "no colours; NO_COLOR does the same"))
    .showHelpAfterError("hint: add --help to see how it is used")
    .addHelpText("after", exitCodesHelp)
    .hook("preAction", (_, command) => {
      const { color, json: wanted } = command.optsWithGlobals<{ color?: boolean; json?: boolean }>();
      setUpConsole(color !== false);
      json = wanted === true;
    });
  return addCommands(top);
}

function quiet(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) quiet(child);
}

async function main(): Promise<void> {
  // Before anything is printed, also by the parser of the arguments.
  watchOutputs();
  const top = program();
  quiet(top);
  try {
    await top.parseAsync();
  } catch (error) {
    process.exitCode = await reportFailure(error, json);
  }
}

void main();
