import { expect, test } from "vitest";
import { commentedPlan } from "../../src/plan/commented.ts";
import { parsePlan } from "../../src/plan/load.ts";
import { Component, Plan } from "../../src/plan/schema.ts";
import { descriptionOf, exampleOf } from "../../src/plan/schema-walk.ts";

/** Every key of a kind with its example or default, so that each is written and commented once. */
function whole(kind: (typeof Component.options)[number]): object {
  const connection = { host: "db.lan", port: 5432, user: "dr", password: { env: "SHOP_PASSWORD" }, tls: "require" };
  const keys = Object.entries(kind.shape).flatMap(([key, schema]) => {
    const example = exampleOf(schema);
    // Of keys that exclude each other one.
    return example === undefined || ["selector", "parallel"].includes(key) ? [] : [[key, example]];
  });
  return { ...Object.fromEntries(keys), ...("connection" in kind.shape && { connection }) };
}

test.each(Component.options.map((kind) => [kind.shape.kind.value, kind] as const))(
  "a plan of kind %s: accepted, as it was given, each key with its meaning in one line",
  (_, kind) => {
    const component = whole(kind);
    const access = { kubeconfig: { file: "/etc/kubeconfig" } };
    const layer = { name: "machines", kind: "tofu", directory: "/infra", destroys: ["*"] };
    const made = kind.shape.kind.value === "cluster" ? { infrastructure: [layer] } : {};
    const value = { name: "shop", objectives: { rto: "1h" }, access, ...made, components: [component] };
    const text = commentedPlan(value, ["first", "second"]);
    expect(text.startsWith("# first\n# second\n")).toBe(true);
    const { plan, problems } = parsePlan(text, "shop.yaml");
    expect(problems).toEqual([]);
    expect(plan).toEqual(parsePlan(JSON.stringify(value), "shop.yaml").plan);
    for (const key of Object.keys(component)) {
      const meaning = descriptionOf(kind.shape[key as keyof typeof kind.shape])!;
      const rows = text.split("\n").filter((row) => row.endsWith(`# ${meaning}`));
      expect(rows.length, key).toBeGreaterThan(0);
    }
  },
);

test("each key that the plan does not have stands there as a comment, with an example that is accepted", () => {
  const value = { name: "shop", components: [{ name: "shop", kind: "pgdump", database: "shop", dumps: "/var/dumps" }] };
  const [head, more] = commentedPlan(value, []).split(/^# Keys that this plan does not have.*\n/m) as [string, string];
  const examples = [...more.matchAll(/^# (\w+: .*[^:])$/gm)].map(([, row]) => row!);
  const missing = Object.keys(Plan.shape).filter((key) => !(key in value));
  expect(examples.map((row) => row.split(":")[0])).toEqual(missing);
  for (const row of examples) expect(parsePlan(`${head}${row}\n`, "shop.yaml").problems, row).toEqual([]);
});

test("components that have one connection between them are written out, because anchors are not allowed", () => {
  const connection = { host: "db.lan", port: 5432, user: "dr", password: { env: "SHOP_PASSWORD" } };
  const component = (name: string) => ({
    name,
    kind: "pgdump",
    connection,
    database: name,
    dumps: `/var/dumps/${name}`,
  });
  const text = commentedPlan({ name: "both", components: [component("shop"), component("crm")] }, []);
  expect(parsePlan(text, "both.yaml").problems).toEqual([]);
});
