import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { findingLines } from "../../src/cli/view/findings.ts";
import type { Located } from "../../src/cli/doctor/workers.ts";

const finding = (more: Partial<Located>): Located => ({
  host: "firedrill@db1-1a2b",
  group: "plan",
  name: "shop",
  status: "ok",
  message: "database shop on db.lan:5432: PostgreSQL 15.4, 1.2 GiB",
  hint: null,
  type: null,
  ...more,
});
const bad = { status: "failed", type: "REFUSED", hint: "Add this line: " } as const;
const findings = [
  finding({ host: null, group: "temporal", name: "server", message: "Temporal 1.29.1 at 127.0.0.1:7233" }),
  finding({ group: "secrets", name: "/run/secrets/of-a-very-long-name/shop-password", message: "mode 0600" }),
  finding({}),
  finding({
    ...bad,
    name: "shop allow-list",
    message: `the configuration does not list it ${"and so on ".repeat(30)}`,
  }),
  finding({
    status: "warning",
    name: "notice 1 slack",
    message: "two\nlines\n  hint: here already",
    hint: "here already",
  }),
];
const draw = (width: number, here: string | null = null, of = findings) =>
  findingLines({ plan: "homelab", here, findings: of }, width).map((line) => stripVTControlCharacters(line));

test("80 columns hold every line, in groups, with words beside the signs, and nothing is cut off", () => {
  const lines = draw(80);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.filter((line) => /^\w/.test(line))).toEqual([
    "Temporal",
    "Secrets",
    "Plan homelab",
    "1 of 5 checks failed, 1 to look at",
  ]);
  expect(lines).toContain("  ✓ ok    /run/secrets/of-a-very-long-name/shop-password");
  expect(lines.join(" ").replaceAll(/\s+/g, " ")).toContain("and so on ".repeat(30).trim());
  expect(lines.filter((line) => line.includes("here already"))).toHaveLength(1);
  expect(lines.join("\n")).toMatch(/✗ FAIL +shop allow-list/);
  expect(lines.join("\n")).toMatch(/! look +notice 1 slack/);
});

test("where lines are not broken, a check is one line", () => {
  const lines = draw(Infinity);
  expect(lines.find((line) => line.includes("allow-list"))).toContain("and so on ".repeat(30).trim());
});

test("the host is named where it is not clear which one is meant", () => {
  expect(draw(80)).toContain("Plan homelab");
  expect(draw(80, null, [...findings, finding({ host: "firedrill@db2-3c4d" })])).toContain(
    "Plan homelab on firedrill@db2-3c4d",
  );
  expect(draw(80, "db1", [finding({ host: "db1" })])).toContain("Plan homelab on db1 (this machine)");
});

test("the summary tells well from doubtful", () => {
  expect(draw(80, null, [finding({})]).at(-1)).toBe("all 1 checks are well");
  expect(draw(80, null, [finding({}), finding({ status: "warning" })]).at(-1)).toBe(
    "none of 2 checks failed, 1 to look at",
  );
});
