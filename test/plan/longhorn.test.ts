import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePlan } from "../../src/plan/load.ts";

const access = { kubeconfig: { file: "/etc/kubeconfig" } };

function problemsOf(...components: object[]): string[] {
  const named = components.map((component, n) => ({ name: `c${n}`, kind: "longhorn", ...component }));
  const text = JSON.stringify({ name: "x", access, components: named });
  return parsePlan(text, "x.yaml").problems.map(({ path, message }) => `${path}: ${message}`);
}

test("the example is a plan", () => {
  const { plan, problems } = parsePlan(readFileSync("examples/longhorn.yaml", "utf8"), "longhorn.yaml");
  expect(problems).toEqual([]);
  expect(plan!.components[0]).toMatchObject({ kind: "longhorn", sentinel: 16 * 1024 * 1024, directory: "uploads" });
});

test.each<[string, object]>([
  ["by its claim", { namespace: "shop", claim: "data" }],
  ["by its claim, with a name for later", { namespace: "shop", claim: "data", volume: "shop-data" }],
  ["by its own name", { volume: "shop-data" }],
  ["all of a namespace", { namespace: "shop" }],
  ["those of a namespace with a label", { namespace: "shop", selector: { app: "shop" } }],
])("a volume is named %s", (_, component) => {
  expect(problemsOf(component)).toEqual([]);
});

test.each<[string, object, string]>([
  ["nothing names it", {}, "components[0].volume: nothing says which volume is meant"],
  ["a claim in no namespace", { claim: "data" }, "components[0].claim: is in no namespace: `namespace` is missing"],
  [
    "a claim and labels",
    { namespace: "shop", claim: "data", selector: { a: "b" } },
    "components[0].selector: chooses among claims, but `claim` names one",
  ],
  [
    "one name for many",
    { namespace: "shop", volume: "shop-data" },
    "components[0].namespace: is that of a claim, but `volume` names the volume: `claim` is missing",
  ],
  [
    "one workload for many",
    { namespace: "shop", workload: "deployment/shop" },
    "components[0].workload: uses one claim, but `namespace` without `claim` means many",
  ],
  [
    "a measure for many, of one",
    { namespace: "shop", claim: "data", parallel: 8 },
    "components[0].parallel: is for many volumes, but one is named",
  ],
  [
    "labels in no namespace",
    { volume: "x", selector: { a: "b" } },
    "components[0].selector: chooses among claims of a namespace: `namespace` is missing",
  ],
  [
    "half a key",
    { volume: "x", store: { accessKey: { env: "A" } } },
    "components[0].store: has one of accessKey and secretKey, but not the other",
  ],
  [
    "a path out of the volume",
    { volume: "x", directory: "a/../../b" },
    "components[0].directory: must be a path within",
  ],
  ["a name that Longhorn would change", { volume: "x".repeat(41) }, "components[0].volume: must be 1 to 40"],
])("%s is refused", (_, component, words) => {
  expect(problemsOf(component)[0]).toContain(words);
});

test.each<[object, object, boolean]>([
  [{ namespace: "shop", claim: "data" }, { namespace: "shop", claim: "data" }, true],
  [{ namespace: "shop", claim: "data" }, { namespace: "shop" }, true],
  [{ namespace: "shop", claim: "data" }, { namespace: "shop", claim: "logs" }, false],
  [{ namespace: "shop", claim: "data" }, { namespace: "wiki", claim: "data" }, false],
  [{ namespace: "shop", claim: "data", volume: "v" }, { volume: "v" }, true],
  [{ volume: "v" }, { volume: "w" }, false],
])("%j and %j: the same? %s", (one, other, same) => {
  expect(problemsOf(one, other)).toEqual(same ? ['components[1].name: "c0" protects this already'] : []);
});
