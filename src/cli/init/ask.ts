import { CANCEL_SYMBOL, log, multiselect, select, spinner, text } from "@clack/prompts";
import type * as z from "zod";
import { fail } from "../../failures.ts";
import { visible } from "../../report/safe-text.ts";

/** Questions on a terminal. They stand on stderr, as everything that is not the result; Ctrl-C at one ends the command. */

const output = process.stderr;

export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

export interface Choice<T> {
  value: T;
  label: string;
  hint?: string;
}

async function answered<T extends string | number | number[]>(question: Promise<T | typeof CANCEL_SYMBOL>): Promise<T> {
  const answer = await question;
  if (answer !== CANCEL_SYMBOL) return answer;
  throw fail("REQUEST_INVALID", "no plan was written", "Call it again, or give the answers as options; see --help.");
}

/** By their numbers; the texts come from servers. */
function options<T>(choices: Choice<T>[]): { value: number; label: string; hint?: string }[] {
  return choices.map(({ label, hint }, value) => ({
    value,
    ...visible({ label, ...(hint !== undefined && { hint }) }),
  }));
}

/** One of some; the first is the usual one. */
export async function askOne<T>(message: string, choices: Choice<T>[]): Promise<T> {
  return choices[await answered(select<number>({ message, options: options(choices), output }))]!.value;
}

/** At least one of some. */
export async function askSome<T>(message: string, choices: Choice<T>[]): Promise<T[]> {
  const picked = await answered(multiselect<number>({ message, options: options(choices), output, maxItems: 12 }));
  return picked.map((n) => choices[n]!.value);
}

/**
 * A text that fits a schema of the plan.
 * @param usual stands there already
 * @param refuse says what else is wrong with a text
 */
export async function askText(
  message: string,
  schema: z.ZodType,
  usual: string,
  refuse: (value: string) => string | undefined = () => undefined,
): Promise<string> {
  const validate = (value = "") => schema.safeParse(value).error?.issues[0]?.message ?? refuse(value);
  return await answered(text({ message, initialValue: usual, validate, output }));
}

/** Says why a question is asked once more. */
export function warn(message: string): void {
  log.warn(visible(message), { output });
}

/** Shows that something is being done. */
export async function meanwhile<T>(message: string, work: Promise<T>): Promise<T> {
  const turning = spinner({ output });
  turning.start(message);
  return await work.then(
    (value) => (turning.stop(message), value),
    (error: unknown) => {
      turning.error(message);
      throw error;
    },
  );
}
