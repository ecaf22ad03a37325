import { describeFailure } from "../../failures.ts";
import type { Connection, PgBackRestComponent } from "../../plan/schema.ts";
import { withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Control } from "../verbs.ts";
import { noteLoss } from "./destroy.ts";
import { clusterCheckNames, whatIsKnown } from "./expectation.ts";
import { checkCluster } from "./check-cluster.ts";
import { checkIdentity } from "./identity.ts";
import { mustRecall, recall } from "./memory.ts";
import { privateConnection, privateServer } from "./private-server.ts";
import { scratchData } from "./scratch.ts";

/** Asks the place where the data has to come back, before it does: each check must fail there. */
export async function controlPgBackRest(
  { component, backup }: { component: PgBackRestComponent; backup: Backup | null },
  context: StepContext,
): Promise<Control> {
  const { bin, systemIdentifier } = await mustRecall(context, component, "cluster");
  const { type, scenario } = context.run;
  const destroyed = type === "exercise" && scenario === "database";
  const lostAt = type === "exercise" && !destroyed ? await countAsLost(component, systemIdentifier, context) : null;
  // What was destroyed is asked where it was; otherwise the restored server will answer in a place of its own.
  const data = scenario === "none" ? scratchData(component, context) : component.data;
  const connection = destroyed
    ? component.connection
    : privateConnection(privateServer(component, context, bin, data), component);
  const known = await whatIsKnown(component, backup, context);
  const silence = await silenceOf(connection, component.database);
  if (silence !== undefined) {
    const checks = clusterCheckNames(component, known, context).map((name) => ({
      name,
      passed: false,
      found: silence,
    }));
    return { checks, lostAt, note: silence };
  }
  // Something answers: then the checks are really made, so that a destruction that destroyed nothing shows.
  const { checks } = await checkCluster(connection, component, known, context);
  const recovery = { name: "recovery", passed: true, found: "a server answers that nobody recovered" };
  return {
    checks: [...checks.map(({ name, passed, found }) => ({ name, passed, found })), recovery],
    lostAt,
    note: "a server answers where none should",
  };
}

/** From now on what is written counts as lost: the server's clock, and what it can say of itself. */
async function countAsLost(
  component: PgBackRestComponent,
  systemIdentifier: string,
  context: StepContext,
): Promise<string> {
  const known = await recall(context, component, "loss");
  if (known !== undefined) return known.lostAt;
  return await withClient(component.connection, component.database, async (client) => {
    await checkIdentity(client, component, systemIdentifier);
    return (await noteLoss(client, component, context, systemIdentifier, false)).lostAt;
  });
}

/** Why nobody answers; undefined when somebody does. */
async function silenceOf(connection: Connection, database: string): Promise<string | undefined> {
  try {
    await withClient(connection, database, async (client) => await client.query("select 1"));
    return undefined;
  } catch (error) {
    const { type, message } = describeFailure(error);
    if (type === "SYSTEM_UNREACHABLE" || type === "DATABASE_MISSING") return message;
    throw error;
  }
}
