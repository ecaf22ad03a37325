import { type Command, Option } from "commander";
import { runTypes, scenarios } from "../report/record.ts";
import { examples, exit, json } from "./command-parts.ts";

/** The commands that look before anything runs. */

export function addLooks(top: Command): void {
  doctorCommand(top);
  planCommands(top);
}

function planCommands(top: Command): void {
  const plan = top.command("plan").description("look at a plan");
  plan
    .command("check")
    .description("say whether a plan is right, or all that is wrong with it")
    .argument("<file>", "the plan, a YAML file")
    .addOption(json())
    .addHelpText("after", examples("plan check examples/shop.yaml"))
    .action(async (file, options) => exit(await (await import("./commands/plan-check.ts")).checkPlan(file, options)));
  plan
    .command("show")
    .description("show every step that a run would do, in order, and which ones destroy")
    .argument("<file>", "the plan, a YAML file")
    .addOption(new Option("--type <type>", "type of the run").choices(runTypes).default("exercise"))
    .addOption(new Option("--scenario <scenario>", "what is lost; a database unless told").choices(scenarios))
    .addOption(json())
    .addHelpText(
      "after",
      examples("plan show examples/shop.yaml --scenario none", "plan show shop.yaml --type restore"),
    )
    .action(async (file, options) => exit(await (await import("./commands/plan-show.ts")).showPlan(file, options)));
}

function doctorCommand(top: Command): void {
  top
    .command("doctor")
    .description("look whether the next run could do its work, on every worker's host; changes nothing")
    .argument("[plan]", "name of a plan in the worker's plans directory; only Temporal and the workers otherwise")
    .addOption(json())
    .addHelpText("after", examples("doctor", "doctor shop", "doctor shop --json"))
    .action(async (plan, options) => exit(await (await import("./commands/doctor.ts")).runDoctor(plan, options)));
}
