import { expect, test } from "vitest";
import { parsePlan } from "../../src/plan/load.ts";

const none = "components: [{ name: shop, kind: pgdump, database: shop, dumps: /dumps }]";
const problems = (layers: string) =>
  parsePlan(`name: p\ninfrastructure: ${layers}\n${none}\n`, "p.yaml").problems.map(({ message }) => message);
const tofu = (more: string) => `{ kind: tofu, directory: /srv, ${more} }`;

test("layers have names of their own, and what may be destroyed is written down", () => {
  expect(problems(`[${tofu('name: a, destroys: ["*"]')}]`)).toEqual([]);
  expect(problems(`[${tofu("name: a, destroys: []")}]`)).toEqual([expect.stringContaining("must list what may be")]);
  expect(problems(`[${tofu("name: a")}]`)).toEqual([expect.stringContaining("destroys")]);
  for (const name of ["shop", "guards"])
    expect(problems(`[${tofu(`name: ${name}, destroys: ["*"]`)}]`)).toHaveLength(1);
  expect(problems(`[${tofu('name: a, destroys: ["*"]')}, ${tofu('name: a, destroys: ["*"]')}]`)).toHaveLength(1);
});

test("a command says how its end is told from its being there", () => {
  const command = (inspect: string) =>
    `[{ name: a, kind: command, directory: /srv, inspect: ${inspect}, destroy: [x], apply: [y] }]`;
  expect(problems(command("{ run: [z], gone: { exitCode: 1 } }"))).toEqual([]);
  expect(problems(command("{ run: [z] }"))).toEqual([expect.stringContaining("gone")]);
});
