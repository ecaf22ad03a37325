import type { Built } from "../go-programs.ts";
import { startArgoCd } from "../gitops/argocd.ts";
import { startFlux } from "../gitops/flux.ts";
import { startGitServer } from "../gitops/repository.ts";
import { startOperators } from "../operators/start.ts";
import { makeCertificates } from "./certificates.ts";
import { startControlPlane } from "./control-plane.ts";
import { startDns } from "./dns.ts";
import { kubectl, waitUntil } from "./kubectl.ts";
import { startContainerd, startNode } from "./node.ts";
import { startRegistry } from "./registry.ts";
import { createSandbox, findSandbox, removeSandbox, type Sandbox } from "./sandbox.ts";

/** Starts a cluster, or returns the one by that name that runs already. One that has died is made anew, without its data. */
export async function clusterUp(name: string, built: Built, say: (line: string) => void): Promise<Sandbox> {
  const running = await findSandbox(name);
  if (running !== undefined) return running;
  await removeSandbox(name);
  const sandbox = await createSandbox(name);
  try {
    await makeCertificates(sandbox.layout);
    say("namespaces and certificates are made");
    await Promise.all([startControlPlane(sandbox, built), startContainerd(sandbox), startRegistry(sandbox)]);
    say("the API server answers");
    await Promise.all([startNode(sandbox, built), startDns(sandbox, built), startGitServer(sandbox)]);
    say("the node is ready");
    await Promise.all([startFlux(sandbox, built), startArgoCd(sandbox, built), startOperators(sandbox, built)]);
    // Without it no pod is taken.
    const account = ["-n", "default", "get", "serviceaccount", "default"];
    await waitUntil("pods can be made", 60_000, async () => (await kubectl(sandbox.layout, built, ...account)).ok);
    say("Flux, Argo CD and the operators run");
    return sandbox;
  } catch (error) {
    // The logs stay, to be read; the next `up` or `down` removes them.
    process.kill(sandbox.init.pid, "SIGKILL");
    throw error;
  }
}
