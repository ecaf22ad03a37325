import { stat } from "node:fs/promises";
import type { Plan } from "../../plan/schema.ts";
import { secretsIn, type SecretUse } from "../../plan/secrets-in.ts";
import { resolveSecret } from "../../secrets.ts";
import { find, type Finding, type Seen } from "./finding.ts";

/** Every secret that the plan names, once, wherever it is used. None is shown. */
export async function lookAtSecrets(plan: Plan): Promise<Finding[]> {
  const uses = Map.groupBy(secretsIn(plan), ({ secret }) => ("env" in secret ? `env ${secret.env}` : secret.file));
  return await Promise.all([...uses].map(([name, of]) => find("secrets", name, () => look(of))));
}

/** @throws SECRET_MISSING */
async function look(uses: SecretUse[]): Promise<Seen> {
  const { secret } = uses[0]!;
  await resolveSecret(secret);
  const of = `for ${uses.map(({ path }) => path).join(", ")}`;
  if ("env" in secret) return `is set, ${of}`;
  const mode = (await stat(secret.file)).mode & 0o777;
  const shown = `mode ${mode.toString(8).padStart(4, "0")}, ${of}`;
  // The group may be how the worker gets to read it.
  if ((mode & 0o007) === 0) return shown;
  return {
    message: `every user of the host may open the secret file ${secret.file} (${shown})`,
    hint: `chmod o= ${secret.file}`,
  };
}
