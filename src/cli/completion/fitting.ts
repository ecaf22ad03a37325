import type { Command, Option } from "commander";

/** One word that may stand where the cursor is; `about` may be empty. */
interface Candidate {
  word: string;
  about: string;
}

/** What may stand where the cursor is: words, or what only a directory knows. */
export type Fitting = Candidate[] | "files" | "plans";

/**
 * What may be typed next, by commander's own tree of commands.
 * @param typed the words behind the program's name; the last one is being typed and may be empty
 */
export function fitting(top: Command, typed: string[]): Fitting {
  const words = joined(typed);
  const current = words.at(-1) ?? "";
  const { command, given, option } = placeOf(top, words.slice(0, -1));
  if (option !== undefined) return beginning(current, values(placeholder(option), option.argChoices));
  const [, long, value] = /^(--[^=]+)=(.*)$/.exec(current) ?? [];
  if (long !== undefined) return behindEquals(long, value!, optionOf(command, long));
  if (current.startsWith("-")) return beginning(current, optionsOf(command));
  if (command.commands.length > 0) return beginning(current, commandsOf(command));
  const argument = command.registeredArguments[given] ?? command.registeredArguments.find(({ variadic }) => variadic);
  return argument === undefined ? [] : beginning(current, values(argument.name(), argument.argChoices));
}

/** Bash hands over `--format=md` as three words. */
function joined(words: string[]): string[] {
  const whole: string[] = [];
  for (const [n, word] of words.entries()) {
    if (n > 0 && (word === "=" || words[n - 1] === "=")) whole.push(`${whole.pop() ?? ""}${word}`);
    else whole.push(word);
  }
  return whole;
}

/** The command that the words lead to, how many arguments it has, and the option that waits for its value. */
function placeOf(top: Command, words: string[]): { command: Command; given: number; option?: Option | undefined } {
  let command = top;
  let given = 0;
  let option: Option | undefined;
  for (const word of words) {
    const child = given === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (option !== undefined) option = undefined;
    else if (word.startsWith("-")) {
      const named = optionOf(command, word);
      option = named?.required === true ? named : undefined;
    } else if (child === undefined) given += 1;
    else command = child;
  }
  return { command, given, option };
}

/** Options of the commands above are understood as well. */
function optionOf(command: Command | null, flag: string): Option | undefined {
  if (command === null) return undefined;
  return command.options.find(({ long, short }) => long === flag || short === flag) ?? optionOf(command.parent, flag);
}

/** What a value is called in the help says what it is: `<file>`, `<plan>`. */
function placeholder({ flags }: Option): string {
  return /<([^>]+)>/.exec(flags)?.[1] ?? "";
}

function values(name: string, choices: readonly string[] | undefined): Fitting {
  if (["file", "directory", "path"].includes(name)) return "files";
  return name === "plan" ? "plans" : (choices ?? []).map((word) => ({ word, about: "" }));
}

function behindEquals(long: string, value: string, option: Option | undefined): Fitting {
  const known = option === undefined ? [] : values(placeholder(option), option.argChoices);
  if (typeof known === "string") return [];
  return beginning(value, known).map(({ word, about }) => ({ word: `${long}=${word}`, about }));
}

function optionsOf(command: Command): Candidate[] {
  const options = command.createHelp().visibleOptions(command);
  return options.map(({ long, short, description }) => ({ word: long ?? short ?? "", about: description }));
}

function commandsOf(command: Command): Candidate[] {
  const commands = command.createHelp().visibleCommands(command);
  return commands.map((one) => ({ word: one.name(), about: one.description() }));
}

function beginning<T extends Fitting>(current: string, known: T): T {
  return typeof known === "string" ? known : (known.filter(({ word }) => word.startsWith(current)) as T);
}
