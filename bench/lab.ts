import type { Client } from "@temporalio/client";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { Child } from "../demo/child.ts";
import { lastLines, startChild } from "../demo/child.ts";
import type { House } from "../demo/house.ts";
import { createServer, type LabServer } from "../lab/postgres.ts";
import { connectClient } from "../src/temporal/connect.ts";
import { startDevServer } from "../src/temporal/dev-server.ts";
import { makeShop, type Protected, setArchiving } from "./servers.ts";

/** What measures share: servers, data and a worker's files, each made when it is first asked for. */
export interface Lab {
  house: House;
  /** Share of the full amount of data and of the full number of rounds. */
  quick: boolean;
  say: (line: string) => void;
  client(): Promise<Client>;
  /** Environment of a worker of ours. */
  environment(): Promise<NodeJS.ProcessEnv>;
  server(): Promise<LabServer>;
  /** A database with the shop's data, and the component that protects it. `small` is enough where only steps count. */
  shop(size: Size): Promise<Protected>;
  startWorker(): Promise<BenchWorker>;
  /** Starts one of our programs, which ends with the house. */
  child(program: "src/worker.ts" | "bench/waiting-worker.ts", args: string[]): Promise<Child>;
}

interface BenchWorker extends Child {
  /** Milliseconds from its start until it said that it is ready. */
  readyAfterMs: number;
}

export type Size = "small" | "whole" | "large";

export const taskQueue = "firedrill-bench";

/** Rows for 1 GiB on disk, for a drill of a minute, for a server whose data must only be there, and for a look at whether all works. */
const scales = { whole: 1.2, large: 2, small: 0.02, quick: 0.03 };

export function makeLab(house: House, quick: boolean, say: (line: string) => void): Lab {
  const { root } = house;
  const once = <T>(make: () => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => house.wait((made ??= make()));
  };
  const temporal = once(async () => {
    const starting = startDevServer({ directory: join(root, "temporal"), port: 0, uiPort: 0, ui: false, say });
    house.atEnd(async () => await starting.then((server) => server.stop()).catch(() => undefined));
    return await starting;
  });
  const client = once(async () => {
    const { address } = await temporal();
    const connected = await connectClient({ address, namespace: "default" });
    house.atEnd(connected.close);
    return connected.client;
  });
  const server = once(async () => {
    say("Making a PostgreSQL server ...");
    const making = createServer({ directory: join(root, "pg"), name: "pg", archive: true });
    house.atEnd(async () => await making.then((made) => made.remove()).catch(() => undefined));
    const made = await making;
    // Only the measure of pgBackRest needs the archive, and the others should not wait for it.
    await setArchiving(made, false);
    return made;
  });
  const filled = (size: "whole" | "large", amount: string) => async () => {
    say(`Filling a database${quick ? "" : ` of ${amount}`} ...`);
    return await makeShop(await server(), size, quick ? scales.quick : scales[size], root);
  };
  const databases: Record<Size, () => Promise<Protected>> = {
    small: once(async () => await makeShop(await server(), "small", scales.small, root)),
    whole: once(filled("whole", "1 GiB")),
    large: once(filled("large", "1.7 GiB")),
  };
  const environment = once(async () => {
    const { address } = await temporal();
    const made = await server();
    for (const name of ["plans", "records", "state"]) await mkdir(join(root, name), { recursive: true, mode: 0o700 });
    await writeFile(join(root, "firedrill.yaml"), stringify(configOf(made)));
    const kept = Object.entries(process.env).filter(([key]) => !/^(PG|TEMPORAL_|FIREDRILL_)/.test(key));
    return {
      ...Object.fromEntries(kept),
      PATH: [made.bin, process.env["PATH"] ?? ""].join(delimiter),
      TEMPORAL_CONFIG_FILE: "/dev/null",
      TEMPORAL_ADDRESS: address,
      FIREDRILL_CONFIG: join(root, "firedrill.yaml"),
    };
  });
  let started = 0;
  const lab: Lab = {
    house,
    quick,
    say,
    client,
    server,
    environment,
    shop: async (size) => await databases[size](),
    async child(program, args) {
      const log = join(root, `child-${(started += 1)}.log`);
      const child = await startChild({ program, args, env: await environment(), log });
      house.atEnd(child.stop);
      return child;
    },
    async startWorker() {
      await environment();
      const before = performance.now();
      const child = await lab.child("src/worker.ts", []);
      await house.wait(untilReady(child));
      return { ...child, readyAfterMs: performance.now() - before };
    },
  };
  return lab;
}

function configOf(server: LabServer) {
  const { systemIdentifier, port, data } = server;
  const databases = ["small", "whole", "large"].map((database) => ({
    systemIdentifier,
    server: `127.0.0.1:${port}`,
    database,
  }));
  return { taskQueue, mayDestroy: [...databases, { systemIdentifier, data }] };
}

async function untilReady(child: Child): Promise<void> {
  let ended: string | undefined;
  void child.exited.then((how) => (ended = how));
  while (!(await readFile(child.log, "utf8")).includes("the worker is ready")) {
    if (ended !== undefined) throw new Error(`the worker ended (${ended}): ${await lastLines(child.log)}`);
    await sleep(5);
  }
}
