import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { planText, writeNew } from "../../../src/cli/init/write.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-write-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("of two that write the same plan at once one wins, and the other is told", async () => {
  const file = join(directory, "shop.yaml");
  const ends = await Promise.allSettled(["one", "two"].map((text) => writeNew(file, text, directory)));
  expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const won = ends[0]!.status === "fulfilled" ? "one" : "two";
  expect(await readFile(file, "utf8")).toBe(won);
  expect(String((ends.find(({ status }) => status === "rejected") as PromiseRejectedResult).reason)).toContain(
    "never overwritten",
  );
});

test("a link that leads nowhere is not followed", async () => {
  await symlink(join(directory, "elsewhere"), join(directory, "shop.yaml"));
  await expect(writeNew(join(directory, "shop.yaml"), "text", directory)).rejects.toThrow("never overwritten");
  expect(await readdir(directory)).toEqual(["shop.yaml"]);
});

test("the plans directory is made, another one must be there", async () => {
  const plans = join(directory, "plans");
  await expect(writeNew(join(plans, "shop.yaml"), "text", directory)).rejects.toThrow("cannot be written (ENOENT)");
  await writeNew(join(plans, "shop.yaml"), "text", plans);
  expect(await readFile(join(plans, "shop.yaml"), "utf8")).toBe("text");
  await writeFile(join(directory, "file"), "");
  await expect(writeNew(join(directory, "file", "shop.yaml"), "text", plans)).rejects.toThrow("(ENOTDIR)");
});

test("what is no plan is refused before anything is written, in the plan's own words", () => {
  const component = { name: "shop", kind: "pgdump", database: "postgres", dumps: "/var/dumps" };
  expect(() => planText({ name: "shop", components: [component] }, "shop.yaml")).toThrow(
    'components[0].database "postgres" belongs to the server itself',
  );
});
