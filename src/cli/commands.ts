import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { momentHint, parseMoment } from "../plan/moment.ts";
import { addBeginning } from "./beginning.ts";
import { collect, confirmed, examples, exit, json, notBlank, port } from "./command-parts.ts";
import { addLooks } from "./looks.ts";
import type { RunOptions } from "./commands/run.ts";
import { type RunType, runTypes, scenarios } from "../report/record.ts";
import { addSchedules } from "./schedules.ts";
import { addSteering } from "./steering.ts";

/** The tree of commands: their arguments and examples. Each loads its code when it is called, so that --help is quick. */

/** ISO 8601 in UTC. */
function moment(text: string): string {
  const parsed = parseMoment(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError(momentHint);
}

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write a number from 1 to 999999.");
}

function startCommand(top: Command, type: RunType, description: string): Command {
  return top
    .command(type)
    .description(description)
    .argument("<plan>", "name of a plan in the worker's plans directory", notBlank)
    .option("-c, --component <name>", "only this component; repeat it for more", collect)
    .option("--by <name>", "who starts it; your user name otherwise", notBlank)
    .option("--reason <text>", "why; it stands in the report", notBlank)
    .option("--id <id>", "workflow ID of the run; made from type, plan and time otherwise", notBlank)
    .option("--detach", "start it and do not follow it")
    .addOption(json())
    .action(async (plan: string, options: RunOptions) =>
      exit(await (await import("./commands/run.ts")).startRun(type, plan, options)),
    );
}

function startCommands(top: Command): void {
  confirmed(
    startCommand(top, "exercise", "drill: back up, destroy, restore and prove").addOption(
      new Option(
        "--scenario <scenario>",
        "database or volume: destroy and restore; namespace: delete and let GitOps rebuild; workload: take its pods or its node away; cluster: destroy and rebuild all of it; none: restore beside the live one",
      ).choices(scenarios),
    ),
  ).addHelpText(
    "after",
    examples("exercise homelab --scenario none", 'exercise homelab --reason "monthly drill" --yes --target shop'),
  );
  startCommand(top, "restore", "real loss: restore what is gone, from the newest good backup")
    .option("--to-time <moment>", "restore to this moment, with its time zone", moment)
    .addOption(
      new Option(
        "--scenario <scenario>",
        "what was lost: databases or volumes; namespace: GitOps makes it again, with its data; cluster: all of it is made anew",
      ).choices(["database", "namespace", "cluster"]),
    )
    .addHelpText(
      "after",
      examples(
        'restore shop --reason "disk died"',
        "restore shop --to-time 2026-11-21T03:00:00Z",
        "restore homelab --scenario namespace --component shop",
        "restore homelab --scenario cluster",
      ),
    );
  startCommand(top, "backup", "make a backup and prove that it can be read").addHelpText(
    "after",
    examples("backup shop"),
  );
  startCommand(top, "audit", "ask whether it could be recovered if it were lost now; changes nothing").addHelpText(
    "after",
    examples("audit shop", "audit shop --component db --json"),
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

function historyCommands(top: Command): void {
  const limit = () => new Option("-n, --limit <number>", "so many at most").argParser(count).default(20);
  const records = () => new Option("--records <directory>", "read the worker's directory of records, not the server");
  top
    .command("runs")
    .description("list runs of now and before, the newest first")
    .option("--plan <plan>", "only of this plan")
    .addOption(new Option("--type <type>", "only of this type").choices(runTypes))
    .addOption(new Option("--verdict <verdict>", "only with this verdict").choices(["PASS", "FAIL", "INCONCLUSIVE"]))
    .addOption(limit())
    .addOption(records())
    .addOption(json())
    .addHelpText(
      "after",
      examples("runs", "runs --plan shop --verdict FAIL", "runs --records /var/lib/firedrill/records"),
    )
    .action(async (options) => exit(await (await import("./commands/runs.ts")).listRuns(options)));
  top
    .command("trend")
    .description("show how RTO and RPO of a plan's exercises went, and which ones were slower than those before")
    .argument("<plan>", "name of a plan")
    .addOption(new Option("--scenario <scenario>", "what was lost").choices(scenarios).default("database"))
    .addOption(limit())
    .addOption(records())
    .addOption(json())
    .addHelpText("after", examples("trend shop", "trend shop --scenario none --json"))
    .action(async (plan, options) => exit(await (await import("./commands/trend.ts")).showTrend(plan, options)));
}

function volumesCommand(top: Command): void {
  top
    .command("restore-volumes")
    .description(
      "restore the Longhorn volumes that a new cluster lacks, without Temporal; for a job before its workloads",
    )
    .requiredOption("--from <file>", "YAML file that names claims and volumes", notBlank)
    .addOption(json())
    .addHelpText("after", examples("restore-volumes --from /config/volumes.yaml"))
    .action(async (options) => exit(await (await import("./commands/restore-volumes.ts")).restoreVolumes(options)));
}

function metricsCommand(top: Command): void {
  top
    .command("metrics")
    .description("print what the records say as metrics for Prometheus; no server has to run")
    .option("--records <directory>", "the worker's directory of records; that of its configuration otherwise")
    .option("-o, --output <file>", "replace this file instead, such as a .prom of node_exporter's textfile collector")
    .addOption(json().conflicts("output"))
    .addHelpText("after", examples("metrics", "metrics -o /var/lib/prometheus/node-exporter/firedrill.prom"))
    .action(async (options) => exit(await (await import("./commands/metrics.ts")).showMetrics(options)));
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
  top.commandsGroup("Begin:").helpCommand("help [command]", "show the help of a command");
  addBeginning(top);
  addLooks(top);
  serverCommands(top);
  top.commandsGroup("Run:");
  startCommands(top);
  volumesCommand(top);
  addSchedules(top);
  top.commandsGroup("Steer a run:");
  addSteering(top);
  top.commandsGroup("Look at runs:");
  readCommands(top);
  historyCommands(top);
  metricsCommand(top);
  return top;
}
