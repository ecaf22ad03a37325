import { Writable } from "node:stream";
import { fail } from "../../failures.ts";
import type { CheckOf } from "../../plan/check-schema.ts";
import { lastWords } from "../exec.ts";
import { execInPod } from "../kubernetes/exec.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { readiness } from "../kubernetes/readiness.ts";
import type { Session } from "../kubernetes/session.ts";
import { plainKind } from "./kind.ts";
import { sessionOf } from "./session-of.ts";

type Exec = CheckOf<"exec">;

const timeoutMs = 60_000;
const mostBytes = 64 * 1024;
const kinds = { deployment: "Deployment", statefulset: "StatefulSet", daemonset: "DaemonSet" };

export const exec = plainKind<Exec>({
  title: ({ command, namespace, workload }) => `${command[0]} in ${namespace}/${workload}`,
  expected: ({ contains }) =>
    contains === undefined ? "exit code 0" : "exit code 0, with the text that its output should contain",
  async ask(check, around) {
    const { cluster } = sessionOf(around);
    const pod = await readyPod({ cluster }, check);
    const { containers } = pod.spec as { containers: { name: string }[] };
    const output: Buffer[] = [];
    let kept = 0;
    const stdout = new Writable({
      write(piece: Buffer, _encoding, done) {
        if (kept < mostBytes) output.push(piece);
        kept += piece.length;
        done();
      },
    });
    const run = {
      namespace: check.namespace,
      pod: pod.metadata.name,
      container: check.container ?? containers[0]!.name,
    };
    const end = await execInPod(cluster, { ...run, command: check.command, stdout, timeoutMs }, around.signal);
    if (end.exitCode !== 0) return { ok: false, found: `exit code ${end.exitCode}: ${lastWords(end.stderr)}` };
    const lacks = check.contains !== undefined && !Buffer.concat(output).toString("utf8").includes(check.contains);
    return { ok: !lacks, found: `exit code 0${lacks ? ", without the text that its output should contain" : ""}` };
  },
});

/** @throws NOT_RECOVERED without a ready one */
async function readyPod(
  { cluster }: Pick<Session, "cluster">,
  { namespace, workload }: Exec,
): Promise<KubernetesObject> {
  const [kind, name] = workload.split("/") as [keyof typeof kinds, string];
  const found = await cluster.get(await cluster.resourceOf("apps/v1", kinds[kind]), name, namespace);
  if (found === undefined) throw fail("NOT_RECOVERED", `there is no ${workload} in ${namespace}`);
  const { matchLabels = {} } = found.spec!["selector"] as { matchLabels?: Record<string, string> };
  const labelSelector = Object.entries(matchLabels)
    .map((pair) => pair.join("="))
    .join(",");
  const { objects } = await cluster.list(await cluster.resourceOf("v1", "Pod"), { namespace, labelSelector });
  const ready = objects.find((pod) => readiness(pod).status === "ready");
  if (ready === undefined) throw fail("NOT_RECOVERED", `no pod of ${workload} in ${namespace} is ready`);
  return ready;
}
