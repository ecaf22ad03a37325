import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addCommands } from "../../src/cli/commands.ts";
import { type Fitting, fitting } from "../../src/cli/completion/fitting.ts";
import { keys, onTerminal } from "../support/terminal.ts";

const top = addCommands(new Command("firedrill"));
const words = (fits: Fitting) => (typeof fits === "string" ? fits : fits.map(({ word }) => word));
const fit = (line: string) => words(fitting(top, line.split(" ")));

/** Every command with the words that lead to it. */
function all(command: Command, way: string[] = []): { command: Command; way: string[] }[] {
  return [{ command, way }, ...command.commands.flatMap((child) => all(child, [...way, child.name()]))];
}

test("every command of the tree, every option and every choice is completed where it belongs", () => {
  for (const { command, way } of all(top)) {
    const shown = command
      .createHelp()
      .visibleCommands(command)
      .map((one) => one.name());
    if (shown.length > 0) expect(words(fitting(top, [...way, ""]))).toEqual(shown);
    for (const { long, argChoices, flags } of command.options) {
      expect(words(fitting(top, [...way, "-"]))).toContain(long);
      if (argChoices === undefined) continue;
      expect(words(fitting(top, [...way, long!, ""])), flags).toEqual(argChoices);
      expect(words(fitting(top, [...way, `${long}=`]))).toEqual(argChoices.map((choice) => `${long}=${choice}`));
    }
  }
});

test.each([
  ["ex", ["exercise"]],
  ["compl", ["completion"]],
  ["exercise --sc", ["--scenario"]],
  ["exercise shop --scenario n", ["namespace", "none"]],
  ["exercise --reason plan ", "plans"],
  ["exercise --yes ", "plans"],
  ["exercise shop ", []],
  ["exercise --reason ", []],
  ["schedule apply ", "plans"],
  ["runs --plan ", "plans"],
  ["plan check ", "files"],
  ["report run -o ", "files"],
  ["report run --format = m", ["--format=md"]],
  ["report run --format =", ["--format=md", "--format=json", "--format=html"]],
  ["nonsense ", []],
  ["exercise --nonsense=", []],
] as const)("%j", (line, expected) => {
  const known = fit(line);
  if (line === "nonsense ") expect(known).toContain("exercise");
  else expect(known).toEqual(expected);
});

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "firedrill-completion-"));
  const bin = join(import.meta.dirname, "..", "..", "bin", "firedrill.js");
  await writeFile(join(home, "firedrill"), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  await chmod(join(home, "firedrill"), 0o755);
  await mkdir(join(home, "plans"));
  for (const plan of ["shop", "ledger"]) await writeFile(join(home, "plans", `${plan}.yaml`), "");
});
afterAll(() => rm(home, { recursive: true }));

const environment = () => ({
  ...process.env,
  HOME: home,
  PATH: `${home}:${process.env["PATH"]}`,
  PS1: "$ ",
  INPUTRC: "/dev/null",
});

test("bash has the completion, and its function answers", async () => {
  const script = `source <(firedrill completion bash)
    complete -p firedrill
    COMP_WORDS=(firedrill exercise "$1" --scenario "") COMP_CWORD=4; _firedrill; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(firedrill audit "") COMP_CWORD=2; _firedrill; echo "\${COMPREPLY[@]}"`;
  // What stands on the command line is no command.
  const args = ["--norc", "-c", script, "bash", "$(touch hit)`touch hit`;touch hit"];
  const { stdout } = await execa("bash", args, { cwd: home, env: environment() });
  expect(stdout.split("\n")).toEqual([
    "complete -F _firedrill firedrill",
    "database namespace volume workload cluster none",
    "ledger shop",
  ]);
  const { stdout: left } = await execa("ls", { cwd: home });
  expect(left).not.toContain("hit");
});

test("at the prompt of a real bash Tab completes commands, choices, what stands behind '=', plans and files", async () => {
  const terminal = onTerminal(["bash", "--norc", "-i"], { cwd: home, env: environment() });
  const seen = (text: string) => expect.poll(terminal.screen, { timeout: 10_000 }).toContain(text);
  const line = async (typed: string, completed: string) => {
    terminal.type(`${typed}\t`);
    await seen(completed);
    terminal.type(keys.clear);
  };
  terminal.type("source <(firedrill completion bash); echo rea''dy\r");
  await seen("ready");
  await line("firedrill exerc", "firedrill exercise");
  await line("firedrill restore sh", "firedrill restore shop");
  await line("firedrill exercise shop --scenario d", "firedrill exercise shop --scenario database");
  await line("firedrill report run --format=h", "firedrill report run --format=html");
  await line("firedrill plan check plans/le", "firedrill plan check plans/ledger.yaml");
  terminal.type("exit\r");
  await terminal.exited;
}, 30_000);
