import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What a worker of a test says and obeys beside its work, through files of one directory: an effects log, points at which
 * it stands still until the test lets it go on, and programs that are replaced. The worker's side is preload.ts.
 */

export type Moment =
  /** The activity's code is about to run. */
  | "step-begin"
  /** It has returned; the server has not been told. */
  | "step-end"
  /** A connection to a database is about to be made; `what` is its name. Not in the effects log. */
  | "connect"
  /** A statement that changes something is about to be sent. */
  | "sql-begin"
  /** The server has done it; the code does not know yet. */
  | "sql-end"
  /** A program is about to be started. */
  | "program-begin"
  /** The program's process is there and has not done anything. */
  | "program"
  /** A file is about to be renamed or removed. */
  | "file-begin"
  | "file-end";

/** One line of the effects log. */
export interface Effect {
  /** Milliseconds since 1970. */
  at: number;
  moment: Moment;
  pid: number;
  /** The step's ID; for programs below a supervisor the name of their job: `restore.shop.restore.0.1`. */
  step: string;
  /** Attempt of the activity, 1 for the first; 0 where it is not known. */
  attempt: number;
  /** The statement, the command line or the path, cut at 200 characters. */
  what: string;
  /** Process IDs of the same program for the same step that lived when this one began. */
  beside?: number[];
}

export interface Rule {
  id: string;
  moment: Moment;
  /** Regular expressions; all that are given must match. */
  step?: string;
  what?: string;
  /** `hold`: stands still until it is released. `replace`: runs this instead of a program, with the same arguments. */
  hold?: true;
  replace?: string;
}

export interface Hold {
  /** Resolves when some process stands at the point. @throws after `timeoutMs` milliseconds */
  reached(timeoutMs?: number): Promise<Effect>;
  release(): Promise<void>;
}

/** The test's side of the directory. */
export class Hooks {
  readonly directory: string;
  #rules: Rule[] = [];

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Environment of a worker that obeys. */
  environment(): Record<string, string> {
    const preload = new URL("preload.ts", import.meta.url).href;
    return { FIREDRILL_TEST_HOOK: this.directory, NODE_OPTIONS: `--import=${preload}` };
  }

  /** Once, at the first process that comes there; takes effect in workers that run already. */
  async hold(at: Omit<Rule, "id" | "hold" | "replace">): Promise<Hold> {
    const rule: Rule = { ...at, id: randomUUID(), hold: true };
    await this.#write([...this.#rules, rule]);
    const held = join(this.directory, `${rule.id}.held`);
    const release = async () => {
      await this.#write(this.#rules.filter(({ id }) => id !== rule.id));
      await rm(held, { force: true });
    };
    return {
      release,
      reached: async (timeoutMs = 90_000) => {
        for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(10)) {
          const text = existsSync(held) ? await readFile(held, "utf8") : "";
          if (text !== "") return JSON.parse(text) as Effect;
        }
        throw new Error(`nobody came to ${JSON.stringify(at)}`);
      },
    };
  }

  /** From now on every start of the program runs another one. @param what regular expression on the command line */
  async replace(what: string, replacement: string): Promise<() => Promise<void>> {
    const rule: Rule = { id: randomUUID(), moment: "program-begin", what, replace: replacement };
    await this.#write([...this.#rules, rule]);
    return async () => await this.#write(this.#rules.filter(({ id }) => id !== rule.id));
  }

  async effects(): Promise<Effect[]> {
    const text = await readFile(join(this.directory, "effects.jsonl"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Effect);
  }

  async clear(): Promise<void> {
    await this.#write([]);
    await rm(join(this.directory, "effects.jsonl"), { force: true });
  }

  async #write(rules: Rule[]): Promise<void> {
    this.#rules = rules;
    await mkdir(this.directory, { recursive: true });
    // The programs' wrapper runs as the database's user too.
    await appendFile(join(this.directory, "effects.jsonl"), "", { mode: 0o666 });
    const path = join(this.directory, "rules.json");
    await writeFile(`${path}.new`, JSON.stringify(rules));
    await rename(`${path}.new`, path);
  }
}
