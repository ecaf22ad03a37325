import type { PgBackRestComponent } from "../../plan/schema.ts";
import { plantSentinel } from "../postgres/sentinel.ts";
import type { StepContext } from "../step.ts";
import type { Planted } from "../verbs.ts";

export async function plantPgBackRest(
  { component }: { component: PgBackRestComponent },
  context: StepContext,
): Promise<Planted> {
  const { name, connection, database } = component;
  const planted = await plantSentinel(context, name, connection, database);
  return { ...planted, note: `sentinel in database ${database}, a heartbeat every second` };
}
