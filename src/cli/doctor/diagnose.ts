import type { Client } from "@temporalio/client";
import { hostname } from "node:os";
import { find, groups } from "../../activities/doctor/finding.ts";
import { examine } from "../../activities/doctor/index.ts";
import { type Config, loadConfig } from "../../config.ts";
import { askWorkers, type Located, located } from "./workers.ts";
import { lookAtTemporal } from "./temporal.ts";

/** All that was found, in the order in which it is shown: what comes first is to be mended first. */
export interface Diagnosis {
  plan: string | null;
  /** Name of this machine when it was looked at because no worker answered; null otherwise. */
  here: string | null;
  findings: Located[];
}

/** Looks at Temporal from here, and at all else with the eyes of the workers, or from here where there are none. */
export async function diagnose(plan: string | null): Promise<Diagnosis> {
  let config: Config | undefined;
  const read = await find("worker", "configuration", () => {
    config = loadConfig();
    return "";
  });
  const { findings: temporal, connection } = await lookAtTemporal();
  const of = (here: string | null, findings: Located[]): Diagnosis => {
    const all = [...located(null, temporal), ...findings];
    return { plan, here, findings: all.toSorted((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group)) };
  };
  try {
    if (config === undefined) return of(null, located(null, [read]));
    const asked = connection && (await askWorkers(connection.client, config.taskQueue, plan));
    const findings = asked?.findings ?? [];
    if (asked?.answered === true) return of(null, findings);
    return of(hostname(), [...findings, ...(await lookHere(config, connection?.client, plan))]);
  } finally {
    await connection?.close();
  }
}

async function lookHere(config: Config, client: Client | undefined, plan: string | null): Promise<Located[]> {
  const host = hostname();
  const said = await find("worker", "host", () => ({
    message: `no worker could be asked: all that follows was looked at on this machine, ${host}`,
    hint: "If the worker runs elsewhere, start it there and call doctor again: what counts is how it looks from there.",
  }));
  const { findings } = await examine(config, client, host, { plan });
  return located(host, [said, ...findings]);
}
