import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noteRow } from "../support/matrix.ts";
import type { Stage } from "./driver.ts";
import { at, inScratch, pgdumpStage } from "./pgdump-stage.ts";

/** Records that somebody changed after the run: `firedrill report FILE --recheck` must notice. */

let stage: Stage;
beforeAll(async () => void (stage = await pgdumpStage()));
afterAll(() => stage.drill.remove());

/** Each edit of the record on the disk, and the place that `report --recheck` must name. */
const edits: [name: string, from: string | RegExp, to: string, place: RegExp][] = [
  ["a verdict of FAIL made PASS", '"verdict": "FAIL"', '"verdict": "PASS"', /verdict/],
  ["a failed check made good", '"passed": false', '"passed": true', /passed/],
  ["a failed check removed", /\{[^{}]*"name": "tables"(?:[^{}]|\{[^{}]*\})*\},/, "", /checks/],
  ["another person's decision", '"by": "bert"', '"by": "anna"', /by|seal|record/],
];

test.for(edits)("a record edited by hand: %s", async ([name, from, to, place]) => {
  const { drill, reset } = stage;
  await reset(drill);
  await drill.ensureWorker();
  const hold = await drill.hooks.hold(at.verify);
  const run = await drill.start();
  await hold.reached();
  await inScratch("delete from same_name where t = 2")(drill, run);
  await hold.release();
  await run.until("verify/shop", "waiting");
  await run.decide("verify/shop", "abort");
  await run.handle.result().catch(() => "it fails, as it must");
  const file = join((await run.record()).directory, "report.json");
  const env = { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: drill.address };
  const recheck = () =>
    execa(process.execPath, ["bin/firedrill.js", "report", file, "--recheck"], { env, reject: false, all: true });
  expect((await recheck()).exitCode).toBe(0);
  const text = await readFile(file, "utf8");
  const edited = text.replace(from, to);
  expect(edited).not.toBe(text);
  await writeFile(file, edited);
  const { exitCode, all } = await recheck();
  expect(all).toMatch(place);
  expect(exitCode).toBe(1);
  const said = all.split("\n").find((line) => place.test(line)) ?? "";
  await noteRow({
    sabotage: `a record edited by hand: ${name}`,
    when: "after the run",
    means: "report.json changed in an editor",
    verdict: "`firedrill report FILE --recheck` ends with 1",
    diagnosis: said.trim().slice(0, 160),
  });
});
