import { askPatiently } from "../checks/index.ts";
import { requirePassed } from "../conclude.ts";
import { kubeconfigText } from "../kubernetes/access.ts";
import { readiness } from "../kubernetes/readiness.ts";
import { serverCertificate } from "../kubernetes/server-certificate.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Verification } from "../verbs.ts";
import { nodeKind } from "./inspect.ts";
import { layersOf, statesOf } from "./layers.ts";
import { recallKnown } from "./memory.ts";
import { downtimeOf, whileAsking } from "./outside.ts";
import { rowsOf } from "./rows.ts";
import type { ClusterInput } from "./verbs.ts";

type Input = Omit<ClusterInput, "run">;

/** Compares the new cluster with the old one, and asks the plan's checks. @throws CHECKS_FAILED */
export async function verifyCluster(input: Input, context: StepContext): Promise<Verification> {
  return await withCluster(input.access, context, async (session) => {
    const verified = await whileAsking(input, context, async () => await check(session, input, context));
    return requirePassed({ ...verified, ...(await downtimeOf(input, context)) });
  });
}

async function check(session: Session, { access, gitops }: Input, context: StepContext): Promise<Verification> {
  const known = await recallKnown(context);
  const { cluster, identity } = session;
  const { objects } = await cluster.list(nodeKind);
  const layers = gitops === undefined ? undefined : layersOf(gitops);
  const listed = layers === undefined ? [] : (await cluster.list(layers.kind, { namespace: layers.namespace })).objects;
  const rows = rowsOf(known, {
    identity,
    certificate: known.certificate === undefined ? null : await certificateOf(access, context),
    nodes: objects.filter((node) => readiness(node).status === "ready").length,
    layers: layers === undefined ? [] : statesOf(layers, listed),
  });
  const asked = await askPatiently(known.checks, { session, signal: context.signal }, context.progress);
  const checks = [
    ...rows,
    ...asked.map(({ name, ok, expected, found }) => {
      return { name, title: name, proven: true, passed: ok, exact: true, negativeControl: null, expected, found };
    }),
  ];
  const passed = checks.filter((one) => one.passed).length;
  return {
    checks,
    newestRecoveredAt: null,
    verifiedAt: new Date().toISOString(),
    note: `${passed} of ${checks.length} checks passed`,
  };
}

async function certificateOf(access: Input["access"], { signal }: StepContext): Promise<string | null> {
  return await serverCertificate(await kubeconfigText(access, signal), access.context, signal);
}
