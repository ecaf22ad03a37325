import chalk from "chalk";
import { visible, visibleJson } from "../report/safe-text.ts";

/** The only file that prints. Results go to stdout, everything else to stderr. */

/**
 * What becomes of an output that takes no more. One that is gone (`firedrill status | head`) ends the program quietly, as
 * other programs do; a full disk is told. A run that is followed goes on in either case.
 */
export function watchOutputs(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(brokenPipe);
    printFailure({
      message: `what it has to say cannot be written (${error.code ?? error.message})`,
      hint: "Free space on that disk, or let it write somewhere else.",
    });
    process.exit(1);
  });
  // There is no place left to tell of it.
  process.stderr.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? brokenPipe : 1));
}

/** 128 + SIGPIPE, as a shell has it. */
const brokenPipe = 141;

/** Colours only on a terminal, and not where NO_COLOR or --no-color forbids them (Node reads NO_COLOR itself). */
export function setUpConsole(colours: boolean): void {
  const depth = process.stdout.isTTY && colours ? process.stdout.getColorDepth() : 1;
  if (depth === 1) chalk.level = 0;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(visibleJson(value));
}

/** For what is not the result: hints, progress, questions, stacks. In plain text. */
export function note(text: string): void {
  tell(visible(text));
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A failure, said once: what is wrong and what to do. Servers and whoever started the run may have written it. */
export function printFailure(failure: { message: string; hint: string }): void {
  const { message, hint } = visible(failure);
  const [error, advice] = process.stderr.isTTY ? [chalk.red("error:"), chalk.cyan("hint:")] : ["error:", "hint:"];
  // The problems of a file carry their own hints.
  tell(message.endsWith(`hint: ${hint}`) ? `${error} ${message}` : `${error} ${message}\n${advice} ${hint}`);
}

/** A place on a terminal that is drawn again and again; elsewhere only `say` shows something. */
export interface Screen {
  live: boolean;
  size(): { columns: number; rows: number };
  draw(lines: string[]): void;
  /** A line that stays. */
  say(line: string): void;
  /** Leaves the last drawing where it is. */
  close(): void;
}

export async function openScreen(stream: NodeJS.WriteStream): Promise<Screen> {
  const size = () => ({ columns: stream.columns ?? 80, rows: stream.rows ?? 24 });
  const say = (line: string) => void stream.write(`${line}\n`);
  if (!stream.isTTY) return { live: false, size, draw() {}, say, close() {} };
  const { createLogUpdate } = await import("log-update");
  const update = createLogUpdate(stream);
  return {
    live: true,
    size,
    draw: (lines) => update(lines.join("\n")),
    say: (line) => update.persist(line),
    close: () => update.done(),
  };
}
