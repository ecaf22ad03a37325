import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { log } from "@temporalio/activity";
import type { Config } from "../../config.ts";
import { readJson } from "../files.ts";
import { runDirectory, runIds } from "../run-directory.ts";
import type { Inventory } from "./memory.ts";

/** The newest that a run of this worker has seen of a namespace while it was there; undefined without any. */
export async function newestInventory(
  config: Config,
  cluster: string,
  namespace: string,
): Promise<Inventory | undefined> {
  const runs = await runIds(config);
  const found = await Promise.all(runs.map(async (id) => await inventoriesIn(runDirectory(config, id))));
  return found
    .flat()
    .filter((one) => one.cluster === cluster && one.uid !== "" && isOf(one, namespace))
    .toSorted((a, b) => b.takenAt.localeCompare(a.takenAt))[0];
}

function isOf({ entries }: Inventory, namespace: string): boolean {
  return entries.some(({ kind, name }) => kind === "Namespace" && name === namespace);
}

/** One that cannot be read is as good as none. */
async function inventoriesIn(directory: string): Promise<Inventory[]> {
  const names = (await readdir(directory)).filter((name) => /^inventory-.+\.json$/.test(name));
  const read = await Promise.all(
    names.map(async (name) =>
      readJson<Inventory>(join(directory, name)).catch((error: unknown) => {
        log.warn("an inventory of before cannot be read", { path: join(directory, name), error: String(error) });
      }),
    ),
  );
  return read.filter((one) => one !== undefined);
}
