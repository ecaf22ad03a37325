import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requireClear } from "../../src/activities/guard.ts";
import { requirePlanUnchanged } from "../../src/activities/plan-unchanged.ts";
import type { StepContext } from "../../src/activities/step.ts";
import type { Proof } from "../../src/activities/verbs.ts";
import type { Config } from "../../src/config.ts";
import { describeFailure } from "../../src/failures.ts";
import { findPlan } from "../../src/plan/load.ts";
import { component } from "../guard/facts.ts";

let plans: string;
beforeEach(async () => (plans = await mkdtemp(join(tmpdir(), "fd-plans-"))));
afterEach(() => rm(plans, { recursive: true }));

const hour = 3_600_000;
const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

const shop = { name: "shop", kind: "pgdump", database: "shop", dumps: "/dumps" };

/** Asks as the step that destroys does, of a plan with this window. */
async function ask(from: number, until: number): Promise<void> {
  const window = { from: fromNow(from), until: fromNow(until), reason: "sales" };
  await writeFile(join(plans, "shop.yaml"), JSON.stringify({ name: "shop", freeze: [window], components: [shop] }));
  const { sha256 } = await findPlan(plans, "shop");
  const context = {
    config: { plans } as Config,
    run: { plan: "shop", planSha256: sha256, type: "exercise", scenario: "database" },
    unlocked: () => Promise.resolve([]),
  } as unknown as StepContext;
  const proof: Proof = { backupId: "b1", verifiedAt: fromNow(-1_000), note: "" };
  await requireClear(component(), proof, context);
}

test("the step that destroys looks at the windows of the plan once more, by the clock of that moment", async () => {
  await expect(ask(-hour, hour)).rejects.toMatchObject({
    type: "REFUSED",
    message: expect.stringContaining("database shop on 127.0.0.1:5432 is frozen (sales)") as string,
  });
  await ask(-2 * hour, -hour);
  await ask(hour, 2 * hour);
});

test("a plan that was changed since stops it, and the hint is one that works", async () => {
  const write = (more: string) =>
    writeFile(join(plans, "shop.yaml"), `${JSON.stringify({ name: "shop", components: [shop] })}${more}`);
  await write("");
  const { sha256: planSha256 } = await findPlan(plans, "shop");
  const look = (more: object) =>
    requirePlanUnchanged({ config: { plans }, run: { plan: "shop", planSha256, ...more } } as unknown as StepContext);
  const approvals = [{ by: "bert", reason: "agreed", at: fromNow(0) }];
  expect((await look({ approvals })).name).toBe("shop");
  const hints = async (more: object) =>
    describeFailure(
      await look(more).then(
        () => new Error("it goes on"),
        (error: unknown) => error,
      ),
    );
  const withReload = /Retry with `--reload`/;
  const withoutReload = /^It was approved as it was: put it back and retry, or abort/;
  await write(" # a comment");
  expect(await hints({})).toMatchObject({ type: "PLAN_CHANGED", hint: expect.stringMatching(withReload) as string });
  expect(await hints({ approvals })).toMatchObject({
    type: "PLAN_CHANGED",
    hint: expect.stringMatching(withoutReload) as string,
  });
  await rm(join(plans, "shop.yaml"));
  expect((await hints({})).hint).toMatch(withReload);
  expect((await hints({ approvals })).hint).toMatch(withoutReload);
});
