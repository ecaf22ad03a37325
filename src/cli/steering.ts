import { type Command, InvalidArgumentError } from "commander";
import { confirmed, examples, exit, json, notBlank } from "./command-parts.ts";

/** The commands by which people steer a run. */

function failureNo(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write the number of the failure that you answer, 1 for the first.");
}

function decisionCommands(top: Command): void {
  const actions = {
    retry: "do a failed step again",
    skip: "go on without a failed step, where that is allowed; the verdict is then INCONCLUSIVE",
    abort: "give a run up at a failed step: it cleans up and reports",
  } as const;
  for (const [action, description] of Object.entries(actions)) {
    const command = top
      .command(action)
      .description(description)
      .argument("<run>", "workflow ID")
      .argument("<step>", "ID of the step that waits")
      .requiredOption("--reason <text>", "why; it stands in the report", notBlank)
      .option("--by <name>", "who decides; your user name otherwise", notBlank)
      .option("--failure <number>", "only this failure of the step: refused once it has failed again", failureNo)
      .addOption(json())
      .addHelpText(
        "after",
        examples(`${action} exercise-shop-1 restore/shop --failure 1 --reason "disk was full, freed 20 GB"`),
      )
      .action(async (run, step, options) =>
        exit(await (await import("./commands/decide.ts")).decide(action as keyof typeof actions, run, step, options)),
      );
    if (action === "retry") command.option("--reload", "by the plan as it is now, where a mistake in it was mended");
  }
}

function pauseCommands(top: Command): void {
  const actions = {
    pause: "let no further step of a run begin; those that run go on to their end",
    unpause: "let a paused run go on",
  } as const;
  for (const [action, description] of Object.entries(actions)) {
    top
      .command(action)
      .description(description)
      .argument("<run>", "workflow ID")
      .requiredOption("--reason <text>", "why; it stands in the report", notBlank)
      .option("--by <name>", "who says so; your user name otherwise", notBlank)
      .addOption(json())
      .addHelpText("after", examples(`${action} exercise-shop-1 --reason "the network is being repaired"`))
      .action(async (run, options) =>
        exit(await (await import("./commands/pause.ts")).pause(action as keyof typeof actions, run, options)),
      );
  }
}

function approveCommand(top: Command): void {
  top
    .command("approve")
    .description("agree to what a run destroys; not for who has started it")
    .argument("<run>", "workflow ID")
    .requiredOption("--reason <text>", "why; it stands in the report", notBlank)
    .option("--by <name>", "who approves; your user name otherwise", notBlank)
    .option("--plan-sha256 <sum>", "only by this plan, or one whose sum begins so; `status` shows it")
    .addOption(json())
    .addHelpText(
      "after",
      examples('approve exercise-shop-1 --plan-sha256 9f86d081884c7d65 --reason "monthly drill, agreed with the team"'),
    )
    .action(async (run, options) => exit(await (await import("./commands/approve.ts")).approve(run, options)));
}

function resumeCommand(top: Command): void {
  confirmed(top.command("resume"))
    .description("go on with a run that was aborted, cancelled or terminated, or that failed")
    .argument("[run]", "workflow ID")
    .option("--record <file>", "its report.json, where the Temporal server that knew it is lost")
    .requiredOption("--reason <text>", "why; it stands in the report", notBlank)
    .option("--by <name>", "who resumes it; your user name otherwise", notBlank)
    .option("--detach", "start it and do not follow it")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        'resume exercise-shop-1 --reason "the disk was replaced"',
        'resume --record /var/lib/firedrill/records/exercise-shop-1-0f8f2b11/report.json --reason "new Temporal server"',
      ),
    )
    .action(async (run, options) => exit(await (await import("./commands/resume.ts")).resumeRun(run, options)));
}

export function addSteering(top: Command): void {
  decisionCommands(top);
  pauseCommands(top);
  approveCommand(top);
  resumeCommand(top);
}
