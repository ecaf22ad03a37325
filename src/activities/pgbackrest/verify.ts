import type { PgBackRestComponent } from "../../plan/schema.ts";
import type { CheckRecord } from "../../report/record.ts";
import { conclude } from "../conclude.ts";
import { withClient } from "../postgres/client.ts";
import { findSentinel } from "../postgres/sentinel.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Restored, Verification } from "../verbs.ts";
import { catalogCheck } from "./catalog-check.ts";
import { checkCluster } from "./check-cluster.ts";
import { whatIsKnown } from "./expectation.ts";
import { mustRecall, recall } from "./memory.ts";
import { type PrivateServer, privateConnection, privateServer, startPrivate } from "./private-server.ts";
import { missesTime, reachesSegment } from "./recovered.ts";
import { waitForRecovery } from "./wait-for-recovery.ts";

type Input = { component: PgBackRestComponent; backup: Backup | null; restored: Restored; toTime: string | null };

/** Checks every database of the restored cluster, and that recovery reached what was asked. @throws CHECKS_FAILED */
export async function verifyPgBackRest(
  { component, backup, restored, toTime }: Input,
  context: StepContext,
): Promise<Verification> {
  const { bin, systemIdentifier } = await mustRecall(context, component, "cluster");
  const { data } = await mustRecall(context, component, "restore");
  const server = privateServer(component, context, bin, data);
  // The machine may have been restarted since.
  await startPrivate(server, component, context);
  await waitForRecovery(server, component, context);
  const connection = privateConnection(server, component);
  const known = await whatIsKnown(component, backup, context);
  const { checks: made, newestRecoveredAt } = await checkCluster(connection, component, known, context);
  const catalog =
    backup === null ? await catalogCheck(connection, component, restored.backup.id, context, systemIdentifier) : [];
  const recovery = await recoveryCheck(server, component, toTime, context);
  const checks = [...made, ...catalog, recovery];
  const { lastTransactionAt } = await mustRecall(context, component, "recovered");
  // What reached its moment lacks nothing, however long before it the last transaction was. Where nothing was written
  // after the backup, what came back is as old as the backup's end.
  const newest = toTime !== null && recovery.passed ? toTime : (newestRecoveredAt ?? lastTransactionAt);
  const verification = {
    checks,
    newestRecoveredAt: newest ?? restored.backup.completedAt,
    verifiedAt: new Date().toISOString(),
  };
  return conclude(component.name, verification, context);
}

/** How far recovery got, by WAL and by heartbeats; the heartbeats are outside evidence that WAL arithmetic cannot fake. */
async function recoveryCheck(
  server: PrivateServer,
  component: PgBackRestComponent,
  toTime: string | null,
  context: StepContext,
): Promise<CheckRecord> {
  const { segmentBytes } = await mustRecall(context, component, "cluster");
  const { required } = await mustRecall(context, component, "restore");
  const recovered = await mustRecall(context, component, "recovered");
  const sure = (await recall(context, component, "backup"))?.heartbeat ?? 0;
  const acknowledged = (await recall(context, component, "loss"))?.acknowledged ?? 0;
  const { last, newestAt } = await withClient(
    privateConnection(server, component),
    component.database,
    async (client) => await findSentinel(client, context.run.id),
  );
  const wrong = [
    toTime === null
      ? reachesSegment(required, recovered.parent, recovered.position, segmentBytes)
      : missesTime(recovered, toTime),
    toTime === null && last < sure ? `heartbeat ${last}, although ${sure} was archived` : undefined,
    toTime !== null && newestAt !== null && Date.parse(newestAt) > Date.parse(toTime)
      ? `a heartbeat of ${newestAt}`
      : undefined,
  ].filter((problem) => problem !== undefined);
  const reached =
    toTime === null
      ? `WAL up to ${recovered.position} of timeline ${recovered.parent}`
      : `stopped before a commit of ${recovered.stoppedAt}`;
  const beats =
    acknowledged === 0 ? "" : `; heartbeat ${last} of ${acknowledged} acknowledged, ${sure} or more expected`;
  return {
    name: "recovery",
    title: "Recovered to what was asked",
    proven: true,
    passed: wrong.length === 0,
    exact: true,
    negativeControl: null,
    expected:
      toTime === null
        ? `all WAL of the repository, up to ${required}`
        : `all commits up to ${toTime}, and none after it`,
    found: wrong.length > 0 ? wrong.join("; ") : reached + beats,
  };
}
