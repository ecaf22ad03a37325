import { afterAll, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import { rowsOfRun } from "../support/matrix.ts";
import { crash, nameOf } from "./driver.ts";
import { decidedByWorkflow } from "./row.ts";
import { moments, rows } from "./rows-of-pgdump.ts";
import { createStage } from "./stage.ts";

const stage = createStage("pgdump");
afterAll(() => stage.remove());

test("every step of the outline is hit before, during and after its effect", () => {
  const steps = outline("exercise", "database", [{ name: "shop", kind: "pgdump" }]).map(({ id }) => id);
  expect(["1", ...steps].filter((id) => !decidedByWorkflow.includes(id))).toEqual(Object.keys(moments));
});

test.each(rowsOfRun(rows).map((row) => [nameOf(row), row] as const))("%s", (_, row) => crash(stage, row));
