import { Argument, type Command, Option } from "commander";
import { collect, examples, exit, json, port } from "./command-parts.ts";

/** The commands with which one begins: a first plan, and the shell that knows the commands. */

function initCommand(top: Command): void {
  top
    .command("init")
    .description("write a plan: asks what to protect and looks around for it, or takes options and asks nothing")
    .argument("[file]", "where to write it; the worker's plans directory otherwise")
    .option("--database <name>", "protect this database by pg_dump; repeat it for more", collect)
    .option("--stanza <name>", "protect this cluster by its pgBackRest stanza; repeat it for more", collect)
    .option("--host <host>", "where their server is, or the directory of its socket; where they were found otherwise")
    .addOption(new Option("--port <number>", "port of that server").argParser(port))
    .option("--user <name>", "user that may dump, create and drop them")
    .option("--password-env <variable>", "environment variable of the worker that has that user's password")
    .addOption(new Option("--password-file <file>", "file on the worker's host that has it").conflicts("passwordEnv"))
    .option("--dumps <directory>", "dumps are kept below it, outside the server's own data")
    .option("--data <directory>", "data directory of the stanza's cluster, where no server here tells it")
    .option("--config <file>", "pgBackRest's configuration file")
    .addOption(
      new Option("--environment <name>", "production is never destroyed without approvals").choices([
        "dev",
        "staging",
        "production",
      ]),
    )
    .option("--rto <duration>", "how long it may take until the data is back, such as 45m")
    .option("--rpo <duration>", "how much time's data may be lost, such as 24h")
    .addOption(json())
    .addHelpText(
      "after",
      examples(
        "init",
        "init plans/shop.yaml --database shop --host db.lan --user dr --password-env SHOP_PASSWORD",
        "init --stanza main --rto 30m --rpo 5m",
      ),
    )
    .action(async (file, options) => exit(await (await import("./commands/init.ts")).initPlan(file, options)));
}

function completionCommands(top: Command): void {
  const load = () => import("./commands/completion.ts");
  top
    .command("completion")
    .description("print what lets a shell complete commands, options and names of plans")
    .addArgument(new Argument("<shell>", "your shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
Into the file that your shell reads when it begins; firedrill has to be on the PATH:
  ~/.bashrc                   source <(firedrill completion bash)
  ~/.zshrc, after compinit    source <(firedrill completion zsh)
  ~/.config/fish/config.fish  firedrill completion fish | source`,
    )
    .action(async (shell) => exit((await load()).printCompletion(shell)));
  top
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action(async (words: string[]) => exit(await (await load()).complete(top, words)));
}

export function addBeginning(top: Command): void {
  initCommand(top);
  completionCommands(top);
}
