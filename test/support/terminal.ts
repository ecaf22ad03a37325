import xterm from "@xterm/headless";
import { execa } from "execa";
import { onTestFinished } from "vitest";

/** A program on a real pseudo-terminal, which `script` of util-linux makes, and the screen as a person would see it. */
export interface TerminalRun {
  /** The screen's lines, without spaces at their ends. */
  screen: () => string;
  type: (keys: string) => void;
  /** Exit code of the program. */
  exited: Promise<number | undefined>;
}

export const keys = {
  enter: "\r",
  down: "\u001B[B",
  escape: "\u001B",
  space: " ",
  ctrlC: "\u0003",
  clear: "\u0015",
  back: "\u007F",
};

/** @param argv program and arguments; words without quotes in them */
export function onTerminal(
  argv: string[],
  { columns = 80, rows = 24, ...rest }: { columns?: number; rows?: number; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): TerminalRun {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: false });
  const command = `stty cols ${columns} rows ${rows}; exec ${argv.map((word) => `'${word}'`).join(" ")}`;
  const child = execa("script", ["-qefc", command, "/dev/null"], {
    ...rest,
    env: { TERM: "xterm-256color", ...rest.env },
    reject: false,
    buffer: false,
    stdin: "pipe",
  });
  // The program ends with its terminal, also where a test has failed and waits for it no more.
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdout.on("data", (data: Buffer) => terminal.write(data));
  // What a program asks its terminal is answered, as a real one does.
  terminal.onData((data) => child.stdin.write(data));
  return {
    screen() {
      const { active } = terminal.buffer;
      const rows = Array.from({ length: terminal.rows }, (_, n) => active.getLine(active.viewportY + n));
      return rows.map((line) => line?.translateToString(true) ?? "").join("\n");
    },
    type: (text) => void child.stdin.write(text),
    exited: child.then(({ exitCode }) => exitCode),
  };
}
