import { setTimeout as sleep } from "node:timers/promises";
import type { Counts } from "../../lab/cluster/api-proxy.ts";
import { type Figure, median, spread } from "../figure.ts";
import type { Lab } from "../lab.ts";
import { makeWaits, type Waits } from "../waits.ts";

/**
 * How far our seeing of "ready" lags behind the API server's own answer to whoever wrote it, and what a wait costs the API
 * server: the wait of a namespace's rebuild, against kubectl.
 */
export async function ready(lab: Lab): Promise<Figure[]> {
  const count = lab.quick ? 10 : 60;
  const waits = await makeWaits(lab, count);
  const lags = await lagsOf(lab, waits);
  const ours = await costOf(lab, waits, () => waits.ours(waits.proxy.kubeconfig));
  const wait = await costOf(lab, waits, waits.kubectlWait);
  const get = await costOf(lab, waits, waits.kubectlGet);
  return [
    {
      id: "ready.lag",
      what: "An object is ready until the wait of a rebuild sees it, half of the changes",
      value: median(lags),
      unit: "ms",
      aim: { most: 100 },
      promised: true,
      note: spread(lags, "ms"),
    },
    {
      id: "ready.lag.worst",
      what: "The slowest of them",
      value: Math.max(...lags),
      unit: "ms",
      aim: { most: 1_000 },
      promised: true,
    },
    ...figuresOf("ours", `A wait for ${count} objects`, ours, { most: wait.requests }),
    ...figuresOf("kubectl-wait", "The same with `kubectl wait --all`", wait),
    ...figuresOf("kubectl-get", "The same with `kubectl get --watch`", get),
  ];
}

async function lagsOf(lab: Lab, waits: Waits): Promise<number[]> {
  await waits.makeBare();
  // A list is no event: only what becomes ready before its eyes is measured.
  const begun = Promise.withResolvers<void>();
  const seeing = waits.ours(waits.direct, begun.resolve);
  await lab.house.wait(Promise.race([begun.promise, seeing]));
  const accepted = await lab.house.wait(waits.makeReady());
  const seen = await lab.house.wait(seeing);
  return Object.entries(accepted).map(([name, at]) => seen[name]! - at);
}

/** From its first request to its end; the writer begins when it watches. */
async function costOf(
  { house }: Lab,
  { proxy, makeBare, makeReady }: Waits,
  wait: () => Promise<unknown>,
): Promise<Counts> {
  await makeBare();
  const before = proxy.counts();
  const waiting = wait();
  const watches = async () => {
    while (proxy.counts().watches === before.watches) await house.wait(sleep(10));
  };
  // Should it end early, that says why.
  await Promise.race([watches(), waiting]);
  await house.wait(Promise.all([waiting, makeReady()]));
  const after = proxy.counts();
  return {
    requests: after.requests - before.requests,
    watches: after.watches - before.watches,
    bytes: after.bytes - before.bytes,
  };
}

function figuresOf(id: string, what: string, { requests, watches, bytes }: Counts, aim?: Figure["aim"]): Figure[] {
  return [
    {
      id: `ready.requests.${id}`,
      what: `${what}: requests to the API server`,
      value: requests,
      unit: "requests",
      ...(aim && { aim, promised: true }),
      note: `${watches} of them watch; the question which kinds there are included`,
    },
    { id: `ready.bytes.${id}`, what: `${what}: received`, value: bytes / 1024, unit: "KiB" },
  ];
}
