import { execa } from "execa";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { backrest } from "../../lab/postgres.ts";
import { killBelow } from "../../lab/processes.ts";
import { createDrill, type Drill, pgbackrest, pgdump } from "../support/drill.ts";
import type { Row } from "./row.ts";

type Kind = "pgdump" | "pgbackrest";

/** One PostgreSQL server with a worker, for many rows; a row that failed costs the next one a new server. */
export interface Stage {
  kind: Kind;
  /** The server as it was, with as many workers as the row wants. */
  set(row: Pick<Row, "victim" | "type">): Promise<Drill>;
  /** After a row that came out as it must. */
  tidy(): Promise<void>;
  /** Leaves nothing of it, whatever still runs. */
  remove(): Promise<void>;
}

/** @param address a Temporal server of the test's own */
export function createStage(kind: Kind, address?: string): Stage {
  let drill: Drill | undefined;
  return {
    kind,
    async set({ victim, type }) {
      if (drill === undefined) {
        drill = await createDrill({ archive: kind === "pgbackrest", hooks: true, ...(address && { address }) });
        await firstBackup(kind, drill);
      }
      if (victim === "worker beside another") {
        await drill.killWorker();
        await Promise.all([drill.startWorker(), drill.startWorker()]);
      } else await drill.ensureWorker();
      await drill.hooks.clear();
      if (type === "restore" && kind === "pgdump") await drill.server.sql("postgres", "drop database shop");
      return drill;
    },
    async tidy() {
      const { data } = drill!.server;
      for (const name of await readdir(dirname(data)))
        if (name.startsWith("data.before-")) await rm(join(dirname(data), name), { recursive: true });
    },
    async remove() {
      if (drill === undefined) return;
      await drill.killWorker();
      await killBelow(drill.directory, drill.server.clusterName);
      await drill.remove();
      drill = undefined;
    },
  };
}

/** So that restores have a backup, and exercises have an old one to remove. */
async function firstBackup(kind: Kind, drill: Drill): Promise<void> {
  if (kind === "pgbackrest") {
    const { config } = drill.server.pgbackrest!;
    await execa("sed", ["-i", "s/^repo1-retention-full=.*/repo1-retention-full=1/", config]);
    await backrest(drill.server, "backup", "--type=full");
  }
  const component =
    kind === "pgdump" ? pgdump(drill, { retention: { count: 1 } }) : pgbackrest(drill, { backup: "full" });
  await drill.plan(component);
  await drill.startWorker();
  const record = await (await drill.start("backup")).end();
  if (record.verdict !== "PASS") throw new Error(`the first backup: ${record.summary}`);
}
