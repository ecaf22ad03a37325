import { expect, test } from "vitest";
import { parsePlan } from "../../src/plan/load.ts";
import { formatProblem } from "../../src/plan/problems.ts";
import { broken, plan } from "./broken-plans.ts";

test.each(broken)("$name", ({ text, path, message, hint }) => {
  const before = text.slice(0, text.indexOf("@")).split("\n");
  const { problems } = parsePlan(text.replace("@", ""), "plan.yaml");
  const where = { file: "plan.yaml", line: before.length, column: before.at(-1)!.length + 1 };
  expect(problems).toEqual([{ ...where, path, message, hint }]);
});

test("a sound plan has no problem, so that the table proves something", () => {
  expect(parsePlan(plan("jobs: 1"), "plan.yaml").problems).toEqual([]);
});

test("all problems come at once, in the order of the file", () => {
  const { problems } = parsePlan(`name: A\n${broken[0]!.text.replace("@", "").slice(11)}envronment: dev\n`, "p.yaml");
  expect(problems.map(({ line, path }) => `${line} ${path}`)).toEqual([
    "1 name",
    "7 components[0].retnetion",
    "8 envronment",
  ]);
});

test("a problem is printed as file:line:column path: message, with the hint below", () => {
  const [problem] = parsePlan(plan("retnetion: { count: 3 }"), "plans/shop.yaml").problems;
  expect(formatProblem(problem!)).toBe(
    'plans/shop.yaml:7:5 components[0].retnetion: unknown key "retnetion"\n  hint: did you mean "retention"?',
  );
  expect(formatProblem({ ...problem!, path: "" })).toMatch(/^plans\/shop\.yaml:7:5: unknown key/);
});
