import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { resolved } from "./identity.ts";

/**
 * A restored server must read the same configuration, or it does not start.
 * @param forced parameters on the server's command line that recovery needs at least as high
 * @throws IDENTITY_CHANGED
 */
export async function sameConfiguration(
  component: PgBackRestComponent,
  config: string | null,
  forced: string | null,
): Promise<void> {
  const wanted = component.configFile ?? join(component.data, "postgresql.conf");
  if (config !== null && (await resolved(wanted)) !== (await resolved(config))) {
    throw fail(
      "IDENTITY_CHANGED",
      `the server reads ${config}, but a restored one would read ${wanted}`,
      `Write configFile: ${config} into the plan.`,
    );
  }
  if (forced !== null) {
    throw fail(
      "IDENTITY_CHANGED",
      `the server got ${forced} on its command line, which a restored one would not`,
      "Move it into the configuration file.",
    );
  }
}
