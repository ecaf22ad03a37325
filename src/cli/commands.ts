import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { momentHint, parseMoment } from "../plan/moment.ts";
import { programName } from "./program-name.ts";
import type { RunOptions } from "./commands/run.ts";

/** The tree of commands: their arguments and examples. Each loads its code when it is called, so that --help is quick. */

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** ISO 8601 in UTC. */
function moment(text: string): string {
  const parsed = parseMoment(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError(momentHint);
}

function port(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isInteger(number) && number >= 0 && number <= 65535) return number;
  throw new InvalidArgumentError("Write a number from 1 to 65535, or 0 for any free one.");
}

function failureNo(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write the number of the failure that you answer, 1 for the first.");
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${programName} ${line}`).join("\n")}`;
}

function json(): Option {
  return new Option("--json", "print JSON and nothing else on stdout");
}

function exit(code: number): void {
  process.exitCode = code;
}

function planCommands(top: Command): void {
  const plan = top.command("plan").description("look at a plan");
  plan
    .command("check")
    .description("say whether a plan is right, or all that is wrong with it")
    .argument("<file>", "the plan, a YAML file")
    .addHelpText("after", examples("plan check examples/shop.yaml"))
    .action(async (file: string) => exit(await (await import("./commands/plan-check.ts")).checkPlan(file)));
  plan
    .command("show")
    .description("show every step that a run would do, in order, and which ones destroy")
    .argument("<file>", "the plan, a YAML file")
    .addOption(
      new Option("--type <type>", "type of the run").choices(["exercise", "restore", "backup"]).default("exercise"),
    )
    .addOption(new Option("--scenario <scenario>", "what is lost").choices(["database", "none"]).default("database"))
    .addOption(json())
    .addHelpText(
      "after",
      examples("plan show examples/shop.yaml --scenario none", "plan show shop.yaml --type restore"),
    )
    .action(async (file, options) => exit(await (await import("./commands/plan-show.ts")).showPlan(file, options)));
}

function startCommand(top: Command, type: "exercise" | "restore" | "backup", description: string): Command {
  return top
    .command(type)
    .description(description)
    .argument("<plan>", "name of a plan in the worker's plans directory")
    .option("-c, --component <name>", "only this component; repeat it for more", collect)
    .option("--by <name>", "who starts it; your user name otherwise")
    .option("--reason <text>", "why; it stands in the report")
    .option("--id <id>", "workflow ID of the run; made from type, plan and time otherwise")
    .option("--detach", "start it and do not follow it")
    .addOption(json())
    .action(async (plan: string, options: RunOptions) =>
      exit(await (await import("./commands/run.ts")).startRun(type, plan, options)),
    );
}

function startCommands(top: Command): void {
  startCommand(top, "exercise", "drill: back up, destroy, restore and prove")
    .addOption(
      new Option("--scenario <scenario>", "database: destroy and restore; none: restore beside the live one").choices([
        "database",
        "none",
      ]),
    )
    .option("--yes", "do not ask before something is destroyed")
    .addHelpText("after", examples("exercise shop --scenario none", 'exercise shop --reason "monthly drill" --yes'));
  startCommand(top, "restore", "real loss: restore what is gone, from the newest good backup")
    .option("--to-time <moment>", "restore to this moment, with its time zone", moment)
    .addHelpText("after", examples('restore shop --reason "disk died"', "restore shop --to-time 2026-11-21T03:00:00Z"));
  startCommand(top, "backup", "make a backup and prove that it can be read").addHelpText(
    "after",
    examples("backup shop"),
  );
}

function readCommands(top: Command): void {
  const run = new Argument("[run]", "workflow ID; the newest run otherwise");
  top
    .command("status")
    .description("show a run; the exit code is that of its verdict, 0 while it runs, 5 while it waits for a person")
    .addArgument(run)
    .option("-w, --watch", "follow it until it ends")
    .addOption(json().conflicts("watch"))
    .addHelpText("after", examples("status", "status exercise-shop-1 --watch", "status --json"))
    .action(async (id, options) => exit(await (await import("./commands/status.ts")).showStatus(id, options)));
  top
    .command("report")
    .description("print the report of a run")
    .argument("<run>", "workflow ID, or a report.json")
    .addOption(new Option("--format <format>", "form of the report").choices(["md", "json", "html"]).default("md"))
    .option("-o, --output <file>", "write it there instead of printing it")
    .option("--recheck", "compute it again and name all that is not as it says; the exit code is then 1")
    .addOption(json().implies({ format: "json" }))
    .addHelpText(
      "after",
      examples(
        "report exercise-shop-1",
        "report report.json --format html -o report.html",
        "report report.json --recheck",
      ),
    )
    .action(async (id, options) =>
      exit(
        options.recheck === true
          ? await (await import("./commands/recheck.ts")).recheckReport(id, options)
          : await (await import("./commands/report.ts")).printReport(id, options),
      ),
    );
}

function decisionCommands(top: Command): void {
  const actions = {
    retry: "do a failed step again",
    skip: "go on without a failed step, where that is allowed; the verdict is then INCONCLUSIVE",
    abort: "give a run up at a failed step: it cleans up and reports",
  } as const;
  for (const [action, description] of Object.entries(actions)) {
    top
      .command(action)
      .description(description)
      .argument("<run>", "workflow ID")
      .argument("<step>", "ID of the step that waits")
      .requiredOption("--reason <text>", "why; it stands in the report")
      .option("--by <name>", "who decides; your user name otherwise")
      .option("--failure <number>", "only this failure of the step: refused once it has failed again", failureNo)
      .addOption(json())
      .addHelpText(
        "after",
        examples(`${action} exercise-shop-1 restore/shop --failure 1 --reason "disk was full, freed 20 GB"`),
      )
      .action(async (run, step, options) =>
        exit(await (await import("./commands/decide.ts")).decide(action as keyof typeof actions, run, step, options)),
      );
  }
}

function serverCommands(top: Command): void {
  top
    .command("worker")
    .description("run a worker: it does the work, and has the plans and the rights")
    .action(async () => (await import("../worker.ts")).runWorker());
  top
    .command("dev")
    .description("a Temporal server for this machine and a worker, in one terminal; Ctrl-C ends both")
    .option("--port <number>", "port of the Temporal server", port, 7233)
    .option("--ui-port <number>", "port of its web UI", port, 8233)
    .option("--directory <path>", "where the server keeps its database; the worker's state directory otherwise")
    .addHelpText("after", examples("dev", "dev --port 7244 --ui-port 8244"))
    .action(async (options) => exit(await (await import("./commands/dev.ts")).runDev(options)));
}

export function addCommands(top: Command): Command {
  planCommands(top);
  startCommands(top);
  readCommands(top);
  decisionCommands(top);
  serverCommands(top);
  return top;
}
