import { type Command, Option } from "commander";
import { confirmed, examples, exit, json, notBlank } from "./command-parts.ts";

/** The commands about schedules: runs that begin by themselves. */

const load = () => import("./commands/schedule.ts");
const oneOf = () => new Option("-n, --name <name>", "only the schedule of this name");

export function addSchedules(top: Command): void {
  const schedule = top.command("schedule").description("let runs begin by themselves, as a plan's schedule says");
  const command = (name: string, description: string) =>
    schedule.command(name).description(description).argument("<plan>", "name of a plan").addOption(json());

  command("apply", "bring the schedules of a plan to Temporal; deletes those that it no longer has")
    .addHelpText("after", examples("schedule apply shop"))
    .action(async (plan, options) => exit(await (await load()).applyPlan(plan, options)));
  schedule
    .command("list")
    .description("show schedules with their next runs, and their last ones with verdicts")
    .argument("[plan]", "name of a plan; all plans otherwise")
    .addOption(json())
    .addHelpText("after", examples("schedule list", "schedule list shop --json"))
    .action(async (plan, options) => exit(await (await load()).listSchedules(plan, options)));
  const actions = {
    pause: "let the schedules of a plan begin no further runs; those under way go on",
    unpause: "let paused schedules begin runs again",
  } as const;
  for (const [action, description] of Object.entries(actions) as [keyof typeof actions, string][])
    command(action, description)
      .addOption(oneOf())
      .requiredOption("--reason <text>", "why; the schedule shows it", notBlank)
      .option("--by <name>", "who says so; your user name otherwise", notBlank)
      .addHelpText("after", examples(`schedule ${action} shop --reason "the storage is being moved"`))
      .action(async (plan, options) => exit(await (await load()).pauseSchedules(action, plan, options)));
  confirmed(command("run", "begin now what the schedules of a plan would begin at their times").addOption(oneOf()))
    .addHelpText("after", examples("schedule run shop --name nightly", "schedule run shop --yes --target shop"))
    .action(async (plan, options) => exit(await (await load()).runSchedules(plan, options)));
  command("delete", "delete the schedules of a plan from Temporal; runs under way go on")
    .addOption(oneOf())
    .addHelpText("after", examples("schedule delete shop", "schedule delete shop --name nightly"))
    .action(async (plan, options) => exit(await (await load()).deleteSchedules(plan, options)));
}
