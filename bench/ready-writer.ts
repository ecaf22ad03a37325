/**
 * Makes Services ready, or takes that back: `node ready-writer.ts KUBECONFIG NAMESPACE`. Asked "ready" or "bare" it writes the
 * status of all, one after the other, and answers with when the API server had accepted each: milliseconds since 1970.
 * A process of its own, so that it does not wait for the same event loop as those whom it is compared with.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { openCluster } from "../src/activities/kubernetes/client.ts";
import { objectPath } from "../src/activities/kubernetes/paths.ts";
import { services } from "./services.ts";

const [, , kubeconfig = "", namespace = ""] = process.argv;
const cluster = openCluster(await readFile(kubeconfig, "utf8"));
const headers = { "content-type": "application/merge-patch+json" };

async function write(name: string, ready: boolean): Promise<number> {
  const ingress = ready ? [{ ip: "10.0.0.1" }] : null;
  const { statusCode, body } = await cluster.connection.send({
    method: "PATCH",
    path: `${objectPath(services, name, namespace)}/status`,
    headers,
    body: JSON.stringify({ status: { loadBalancer: { ingress } } }),
    signal: AbortSignal.timeout(30_000),
  });
  const at = performance.timeOrigin + performance.now();
  if (statusCode !== 200) throw new Error(await body.text());
  await body.dump();
  return at;
}

process.on("message", (state: "ready" | "bare") => {
  void (async () => {
    const { objects } = await cluster.list(services, { namespace });
    const times: Record<string, number> = {};
    for (const { metadata } of objects) {
      times[metadata.name] = await write(metadata.name, state === "ready");
      // Not in step with anybody's clock.
      if (state === "ready") await sleep(20 + Math.random() * 160);
    }
    process.send?.(times);
  })();
});
process.once("SIGTERM", () => process.exit(0));
