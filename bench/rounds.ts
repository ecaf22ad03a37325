import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RunRecord } from "../src/report/record.ts";
import { restoreSettings } from "../src/activities/pgdump/restore-settings.ts";
import type { Lab, Size } from "./lab.ts";
import { clientEnvironment, drill, timed } from "./run.ts";
import { scriptDump, scriptScratch, writeScriptInput } from "./script-input.ts";
import { settle } from "./servers.ts";

/** One turn of each contestant, right after one another, so that a busy machine is busy for all of them; in turn each is first. */
export interface Round {
  engine: { seconds: number; record: RunRecord };
  /** Seconds of the script that does the same. */
  script?: number;
  /** Seconds of what people do without either. */
  plain?: { dump: number; restore: number };
}

/** Rounds against what people do without either; what an earlier measure has made is used again. */
export function roundsOf(lab: Lab): () => Promise<Round[]> {
  let made: Promise<Round[]> | undefined;
  return async () => await (made ??= makeRounds(lab, "plain", "whole"));
}

export async function makeRounds(lab: Lab, against: "script" | "plain", size: Size): Promise<Round[]> {
  const shop = await lab.shop(size);
  const { server } = shop;
  const { root } = lab.house;
  const worker = await lab.startWorker();
  const rounds: Round[] = [];
  const count = lab.quick ? 2 : against === "script" ? 6 : 5;
  let settings: string | undefined;
  for (let n = 1; n <= count; n += 1) {
    const scriptFirst = settings !== undefined && n % 2 === 0 ? await script(settings) : undefined;
    const round: Round = { engine: await engine() };
    const run = join(root, "state", "runs", runOf(round.engine.record));
    if (against === "script")
      round.script = scriptFirst ?? (await script((settings ??= await writeScriptInput(root, shop, run))));
    if (against === "plain") round.plain = await plain();
    lab.say(`Round ${n} of ${count}: ${describe(round)}`);
    rounds.push(round);
  }
  await worker.stop();
  return rounds;

  async function engine(): Promise<Round["engine"]> {
    await settle(server, size);
    const { seconds, record } = await drill(lab, size);
    return { seconds, record };
  }

  async function script(connectionSettings: string): Promise<number> {
    await settle(server, size);
    const program = join(import.meta.dirname, "drill.sh");
    const args = [size, scriptScratch, scriptDump(root), join(root, "script-input")];
    const env = { ...clientEnvironment(server), SETTINGS: connectionSettings, RESTORE_SETTINGS: restoreSettings };
    return await timed(lab, program, args, env);
  }

  async function plain(): Promise<NonNullable<Round["plain"]>> {
    await settle(server, size);
    await mkdir(join(root, "plain"), { recursive: true });
    const file = join(root, "plain", "dump.sql.gz");
    const shell = async (text: string) =>
      await timed(lab, "bash", ["-o", "pipefail", "-c", text, "bash", file], clientEnvironment(server));
    const dump = await shell(`pg_dump ${size} | gzip > "$1"`);
    await server.sql("postgres", "create database plain");
    const restore = await shell('gunzip -c "$1" | psql -X -q -v ON_ERROR_STOP=1 -d plain > /dev/null');
    await server.sql("postgres", "drop database plain with (force)");
    await rm(file);
    return { dump, restore };
  }
}

/** The name of a run's directory is that of its record's. */
function runOf({ directory }: RunRecord): string {
  return directory.split("/").at(-1) ?? "";
}

function describe({ engine, script, plain }: Round): string {
  const parts = [
    `drill ${engine.seconds.toFixed(1)} s`,
    script === undefined ? "" : `script ${script.toFixed(1)} s`,
    plain === undefined ? "" : `pg_dump | gzip ${plain.dump.toFixed(1)} s, gunzip | psql ${plain.restore.toFixed(1)} s`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}
