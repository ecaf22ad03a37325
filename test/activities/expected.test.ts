import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lookBack } from "../../src/activities/expected.ts";
import type { Config } from "../../src/config.ts";
import { samples } from "../support/records.ts";

let records: string;
beforeEach(async () => void (records = await mkdtemp(join(tmpdir(), "fd-records-"))));
afterEach(() => rm(records, { recursive: true }));

test("the parts of a drill that was resumed are one drill before this one", async () => {
  const { passed, failed } = samples;
  const run = { ...passed.run, runId: "0199f3a2-5c1e-7d44-9a30-5a8f12345678" };
  const { workflowId, runId } = failed.run;
  const earlier = [{ workflowId, runId }];
  for (const [name, record] of Object.entries({ one: failed, two: { ...failed, run, earlier, verdict: "PASS" } })) {
    await mkdir(join(records, name));
    await writeFile(join(records, name, "report.json"), JSON.stringify(record));
  }
  const { before } = await lookBack({ records } as Config, failed.plan.name, failed.run, "another");
  expect(before.map(({ verdict }) => verdict)).toEqual(["PASS"]);
});
