/**
 * Loaded with `--import` into every Node process of a worker under test: in those that are Firedrill's own it writes
 * the effects log and obeys the rules of rules.ts. Nothing of Firedrill's own is replaced; it stands between Firedrill and Node's, the driver's and the SDK's doors.
 */
import childProcess from "node:child_process";
import fs from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type * as Activity from "@temporalio/activity";
import type * as WorkerModule from "@temporalio/worker";
import type { Effect, Moment, Rule } from "./rules.ts";

const directory = process.env["FIREDRILL_TEST_HOOK"] ?? "";
const log = join(directory, "effects.jsonl");
const require = createRequire(import.meta.url);
const script = basename(process.argv[1] ?? "");
/** Programs below a supervisor belong to its job: its directory is the supervisor's only argument. */
if (script.startsWith("supervisor.")) process.env["FIREDRILL_TEST_JOB"] = basename(process.argv[2] ?? "");

const { renameSync, existsSync, mkdirSync, writeFileSync, appendFileSync, readFileSync } = fs;

let where = (): { step: string; attempt: number } => ({ step: process.env["FIREDRILL_TEST_JOB"] ?? "", attempt: 0 });

function note(moment: Moment, what: string): Effect {
  const effect: Effect = { at: Date.now(), moment, pid: process.pid, ...where(), what: what.slice(0, 200) };
  appendFileSync(log, `${JSON.stringify(effect)}\n`);
  return effect;
}

function rulesFor(moment: Moment, step: string, what: string): Rule[] {
  let rules: Rule[];
  try {
    rules = JSON.parse(readFileSync(join(directory, "rules.json"), "utf8")) as Rule[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return rules.filter(
    (rule) =>
      rule.moment === moment &&
      (rule.step === undefined || new RegExp(rule.step).test(step)) &&
      (rule.what === undefined || new RegExp(rule.what).test(what)),
  );
}

/** The file that stands for the hold, when this process is the first at it. */
function claim(effect: Effect): string | undefined {
  const rule = rulesFor(effect.moment, effect.step, effect.what).find(({ hold }) => hold === true);
  if (rule === undefined) return undefined;
  const held = join(directory, `${rule.id}.held`);
  try {
    mkdirSync(`${held}.claim`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
  writeFileSync(`${held}.new`, JSON.stringify(effect));
  renameSync(`${held}.new`, held);
  return held;
}

async function pass(moment: Moment, what: string): Promise<void> {
  const held = claim(note(moment, what));
  while (held !== undefined && existsSync(held)) await sleep(10);
}

/** For doors that cannot wait: the whole process stands still. */
function passSync(moment: Moment, what: string): void {
  const held = claim(note(moment, what));
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (held !== undefined && existsSync(held)) Atomics.wait(cell, 0, 0, 10);
}

const spawn = childProcess.spawn.bind(childProcess) as (
  file: string,
  args: readonly string[],
  options: childProcess.SpawnOptions,
) => childProcess.ChildProcess;

function spawnWrapped(file: string, args: readonly string[] = [], options: childProcess.SpawnOptions = {}) {
  const { step } = where();
  const argv = [file, ...args];
  const line = argv.join(" ");
  passSync("program-begin", line);
  const replacement = rulesFor("program-begin", step, line).find(({ replace }) => replace !== undefined)?.replace;
  const program = argv.findIndex((word, index) =>
    index === 0 ? basename(word) !== "runuser" : /(^|\/)(pg|psql)/.test(word),
  );
  const real = replacement === undefined ? argv : [...argv.slice(0, program), replacement, ...argv.slice(program)];
  const holding = rulesFor("program", step, line).find(({ hold }) => hold === true);
  const held = holding === undefined ? "" : join(directory, `${holding.id}.held`);
  return spawn(join(import.meta.dirname, "wrapper.sh"), [log, step, held, ...real], options);
}

/** A hold at what changes nothing: the log stays a list of effects. */
async function passUnlogged(moment: Moment, what: string): Promise<void> {
  const held = claim({ at: Date.now(), moment, pid: process.pid, ...where(), what });
  while (held !== undefined && existsSync(held)) await sleep(10);
}

/** Statements that change something, or make the server do something. */
const changing =
  /^\s*(create|drop|alter|insert|update|delete|truncate|grant|revoke|comment|lock|select\s+(pg_terminate|pg_switch_wal|pg_create_restore_point|pg_promote|lo_|setval))/i;

function hookPostgres(): void {
  type Method = (this: { database?: string }, ...args: unknown[]) => unknown;
  const { Client } = require("pg") as { Client: { prototype: { connect: Method; query: Method } } };
  const { connect, query } = Client.prototype;
  Client.prototype.connect = function (...args) {
    if (typeof args[0] === "function") return connect.apply(this, args);
    return (async () => {
      await passUnlogged("connect", this.database ?? "");
      return await connect.apply(this, args);
    })();
  };
  Client.prototype.query = function (...args) {
    const text = typeof args[0] === "string" ? args[0] : "";
    if (!changing.test(text) || typeof args.at(-1) === "function") return query.apply(this, args);
    return (async () => {
      await pass("sql-begin", text.trim());
      const result: unknown = await query.apply(this, args);
      await pass("sql-end", text.trim());
      return result;
    })();
  };
}

function hookFiles(): void {
  for (const name of ["rename", "rm"] as const) {
    const original = fs.promises[name] as (...args: unknown[]) => Promise<unknown>;
    const hooked = async (...args: unknown[]): Promise<unknown> => {
      const what = `${name} ${String(args[0])}`;
      // What every step writes about itself is no effect of its own.
      if (where().step === "" || /\/(in-flight|attempts)\//.test(what)) return await original(...args);
      await pass("file-begin", what);
      const result = await original(...args);
      await pass("file-end", what);
      return result;
    };
    Object.assign(fs.promises, { [name]: hooked });
  }
}

function hookActivities(): void {
  const { Worker } = require("@temporalio/worker") as typeof WorkerModule;
  const { activityInfo, asyncLocalStorage } = require("@temporalio/activity") as typeof Activity;
  where = () => {
    if (asyncLocalStorage.getStore() === undefined) return { step: "", attempt: 0 };
    const { activityId, attempt } = activityInfo();
    return { step: activityId, attempt };
  };
  const create = Worker.create.bind(Worker);
  Worker.create = async (options) => {
    // First in the list is outermost: at "step-end" all of Firedrill's own code for the step has returned. The last one is
    // innermost: at "step-begin" the worker has noted what it works on.
    const outermost: WorkerModule.ActivityInterceptorsFactory = ({ info }) => ({
      inbound: {
        async execute(input, next) {
          const result: unknown = await next(input);
          await pass("step-end", info.activityType);
          return result;
        },
      },
    });
    const innermost: WorkerModule.ActivityInterceptorsFactory = ({ info }) => ({
      inbound: {
        async execute(input, next) {
          await pass("step-begin", info.activityType);
          return await next(input);
        },
      },
    });
    const activity = [outermost, ...(options.interceptors?.activity ?? []), innermost];
    return await create({ ...options, interceptors: { ...options.interceptors, activity } });
  };
}

/** Other programs of Node inherit this, such as those that a program of a job starts: they are none of Firedrill's. */
if (directory !== "" && /^(worker|supervisor|dump-program|load-program|heartbeat)\./.test(script)) {
  if (script.startsWith("worker.")) {
    hookPostgres();
    hookActivities();
    hookFiles();
  }
  Object.assign(childProcess, { spawn: spawnWrapped });
  syncBuiltinESMExports();
}
