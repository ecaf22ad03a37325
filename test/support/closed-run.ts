import type { Resumed } from "../../src/activities/resume.ts";
import { newComponent } from "../../src/report/begin.ts";
import { outline } from "../../src/plan/outline.ts";
import type { LonghornComponent } from "../../src/plan/longhorn-schema.ts";
import { volumeOf } from "../../src/plan/many-volumes.ts";
import type { Plan } from "../../src/plan/schema.ts";
import type { Scenario, StepRecord } from "../../src/report/record.ts";
import { newStep } from "../../src/workflows/journal.ts";
import { facts, listed } from "./fake-activities.ts";
import { manyVolumes, twoComponents, twoNamespaces } from "./plans.ts";

const at = (second: number) => new Date(Date.parse("2026-11-21T03:00:00Z") + second * 1_000).toISOString();
const directory = "closed-12345678";
const backup = {
  id: "b0",
  completedAt: at(3),
  bytes: 1,
  location: "/backups/b0",
  sha256: "00",
  fingerprint: "",
  note: "",
};
const found = (name: string, kind: string) => ({ target: name, facts: facts({ name, kind }), note: "looked at" });

/** What a run of both components leaves that was terminated when shop was destroyed and ledger was not. */
export const closedAfterLoss = () => closedRun("database", twoComponents());

/** The same of two namespaces: shop was deleted and forum was not. */
export const closedAfterDeletion = () => closedRun("namespace", twoNamespaces());

/** The same of three volumes that one component means: the first two were deleted. */
export function closedAfterLossOfVolumes(): Resumed {
  const plan = manyVolumes();
  const homes = plan.components[0] as LonghornComponent;
  const { volumes } = listed(homes.name, 3);
  const components = volumes.map(({ name, of }) => newComponent(volumeOf(homes, name, of), plan, directory, { of }));
  return closedRun("volume", { ...plan, components: [homes] }, components, /^destroy\/.*-[12]$/);
}

function closedRun(
  scenario: Scenario,
  plan: Plan,
  components = plan.components.map((component) => newComponent(component, plan, directory)),
  destroyed = /^destroy\/shop$/,
): Resumed {
  const steps = outline("exercise", scenario, components).map((step, index): StepRecord => {
    const isDone = step.phase < "destroy" || ["preflight", "plant"].includes(step.phase) || destroyed.test(step.id);
    const [from, to] = [at(index), at(index)];
    const stretches = step.id.endsWith("/guards") ? [] : [{ kind: "ran" as const, from, to }];
    const ran = { status: "done" as const, startedAt: from, endedAt: to, attempts: 1, stretches };
    return { ...newStep(step, null), ...(isDone && ran) };
  });
  const results = (name: string, kind: string) => ({
    [`preflight/${name}`]: found(name, kind),
    [`plant/${name}`]: { sha256: "00", at: at(2), note: "planted" },
    [`backup/${name}`]: backup,
    [`backup/proof/${name}`]: { backupId: "b0", verifiedAt: at(4), note: "proven" },
    [`destroy/${name}`]: { lostAt: at(20), note: "destroyed" },
  });
  const ref = { id: directory, short: "12345678", nonce: "old", startedAt: at(0), resumes: true as const };
  return {
    earlier: [
      {
        workflowId: "closed",
        runId: "0199f3a2-5c1e-7d44-9a30-5a8f12345678",
        by: "anna",
        reason: "drill",
        startedAt: at(0),
        endedAt: at(30),
        status: "cancelled",
        summary: "Ended from outside (terminated); the worker cleaned up.",
      },
    ],
    steps,
    components,
    plan,
    planSha256: "ab",
    of: Object.fromEntries(
      components.map(({ name, kind }) => [
        name,
        { ref, results: results(name, kind), tries: { [`restore/${name}`]: 2, [`rebuild/${name}`]: 2 } },
      ]),
    ),
    directories: [directory],
  };
}
