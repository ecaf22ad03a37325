import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HttpCheck } from "../../plan/cluster-parts.ts";
import { exists, fileFailure } from "../files.ts";
import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import { askHttp } from "./http-check.ts";

/** Asks a component's checks from outside once a second, and keeps the answers: from them comes the downtime. */

interface Checked {
  name: string;
  checks: HttpCheck[];
}

/** One answer. `at` is when the question was sent, ISO 8601 in UTC. */
export interface Sample {
  url: string;
  at: string;
  ok: boolean;
  found: string;
}

const everyMs = 1_000;

const file = ({ directory }: Pick<StepContext, "directory">, { name }: Pick<Checked, "name">) =>
  join(directory, `probes-${name}.jsonl`);

/** Asks until the work is done; the work goes on whatever they answer. */
export async function whileProbing<T>(component: Checked, context: StepContext, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const asking = Promise.all(component.checks.map((check) => probe(check, file(context, component), signal)));
  // Told when the work is done: a disk that is full must not end the process in the middle of it.
  asking.catch(() => undefined);
  try {
    return await work();
  } finally {
    stop.abort();
    await asking.catch((error: unknown) => {
      throw fileFailure(error, file(context, component));
    });
  }
}

async function probe(check: HttpCheck, path: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const at = new Date();
    const { ok, found } = await askHttp(check, signal);
    // A question that was cut off says nothing.
    if (signal.aborted) return;
    const sample: Sample = { url: check.url, at: at.toISOString(), ok, found };
    await appendFile(path, `${JSON.stringify(sample)}\n`, { mode: 0o600 });
    await rest(Math.max(0, everyMs - (Date.now() - at.getTime())), signal);
  }
}

/** All answers since a moment, the oldest first; a line that was cut off by a crash is left out. */
export async function samplesSince(
  component: Pick<Checked, "name">,
  context: Pick<StepContext, "directory">,
  since: string,
): Promise<Sample[]> {
  const path = file(context, component);
  const lines = (await exists(path)) ? (await readFile(path, "utf8")).split("\n") : [];
  return lines.flatMap((line) => {
    if (!line.endsWith("}")) return [];
    const sample = JSON.parse(line) as Sample;
    return sample.at >= since ? [sample] : [];
  });
}

/** Seconds of the longest outage of one address: from its first failure until it answered again. Null while it is out. */
export function downtime(samples: Sample[], url: string): number | null {
  let [longest, since]: [number, string | null] = [0, null];
  for (const { at, ok } of samples.filter((one) => one.url === url)) {
    if (!ok) since ??= at;
    else if (since !== null) {
      longest = Math.max(longest, (Date.parse(at) - Date.parse(since)) / 1_000);
      since = null;
    }
  }
  return since === null ? longest : null;
}
