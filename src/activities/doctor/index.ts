import type { Client } from "@temporalio/client";
import type { Config } from "../../config.ts";
import { findPlan, planNames } from "../../plan/load.ts";
import type { Plan } from "../../plan/schema.ts";
import { codeVersion } from "../code-version.ts";
import { learnSecretVariables } from "../program-environment.ts";
import { lookAtComponents } from "./components.ts";
import { find, type Finding, groups } from "./finding.ts";
import { lookAtHost } from "./host.ts";
import { lookAtNotices } from "./notices.ts";
import { lookAtPrograms } from "./programs.ts";
import { lookAtSecrets } from "./secrets.ts";

/** What was found on a host that does runs. */
export interface Examination {
  host: string;
  codeVersion: string;
  /** By this host's clock, milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
  findings: Finding[];
}

/**
 * Looks whether runs could do their work on this host, with the eyes of the steps themselves; changes nothing.
 * @param host its name, as people are shown it
 * @param client undefined where Temporal does not answer
 * @param plan name of a plan; null: only the host, and whether its plans are right
 */
export async function examine(
  config: Config,
  client: Client | undefined,
  host: string,
  { plan: name }: { plan: string | null },
): Promise<Examination> {
  const startedAt = Date.now();
  await learnSecretVariables(config.plans);
  const of = name === null ? lookAtPlans(config) : lookAtPlan(config, client, name);
  const findings = (await Promise.all([lookAtHost(config), of])).flat();
  return { host, codeVersion, startedAt, endedAt: Date.now(), findings: toldOnce(findings) };
}

async function lookAtPlan(config: Config, client: Client | undefined, name: string): Promise<Finding[]> {
  let plan: Plan | undefined;
  const read = await find("plan", "file", async () => {
    const loaded = await findPlan(config.plans, name);
    plan = loaded.plan;
    return loaded.file;
  });
  if (plan === undefined) return [read];
  const looks = [lookAtPrograms, lookAtSecrets, lookAtNotices].map((look) => look(plan!));
  const systems = systemsOf(config, client, plan);
  return [read, ...(await Promise.all([...looks, systems])).flat()];
}

/** Without a directory for what an inspection notes there is nothing that could be inspected. */
async function systemsOf(config: Config, client: Client | undefined, plan: Plan): Promise<Finding[]> {
  let found: Finding[] = [];
  const looked = await find(
    "plan",
    "systems",
    async () => {
      found = await lookAtComponents(config, client, plan);
      return "";
    },
    60_000,
  );
  return looked.status === "ok" ? found : [looked];
}

async function lookAtPlans(config: Config): Promise<Finding[]> {
  let names: string[] = [];
  const listed = await find("worker", "plans", async () => {
    names = await planNames(config.plans);
    return `${config.plans}, ${names.length} of them`;
  });
  const checked = names.map((name) =>
    find("worker", `plan ${name}`, async () => (await findPlan(config.plans, name)).file),
  );
  return [listed, ...(await Promise.all(checked)).filter(({ status }) => status !== "ok")];
}

/** What keeps a component's inspection from its end was often told already, of a program, a secret, or the component. */
function toldOnce(findings: Finding[]): Finding[] {
  const sorted = findings.toSorted((one, other) => groups.indexOf(one.group) - groups.indexOf(other.group));
  return sorted.filter(
    ({ group, name, status, message }, index) =>
      status === "ok" ||
      !sorted
        .slice(0, index)
        .some((told) => told.message === message && (told.group !== group || name.startsWith(`${told.name} `))),
  );
}
