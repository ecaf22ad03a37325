import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Config, loadConfig } from "../src/config.ts";
import { describeFailure } from "../src/failures.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "firedrill-config-"));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

function load(text: string, environment: NodeJS.ProcessEnv = {}): Config {
  writeFileSync(join(cwd, "firedrill.yaml"), text);
  return loadConfig(environment, cwd);
}

function failureOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    return describeFailure(error);
  }
  return { type: "none", message: "", hint: "" };
}

test("without a file: defaults below the working directory, and nothing may be destroyed", () => {
  expect(loadConfig({}, cwd)).toEqual({
    plans: join(cwd, "plans"),
    records: join(cwd, "records"),
    state: join(cwd, "state"),
    taskQueue: "firedrill",
    mayDestroy: [],
  });
});

test("directories are relative to the file, not to the working directory", () => {
  mkdirSync(join(cwd, "etc"));
  writeFileSync(join(cwd, "etc", "worker.yaml"), "plans: plans.d\nrecords: ../records\nstate: /var/lib/firedrill\n");
  expect(loadConfig({ FIREDRILL_CONFIG: "etc/worker.yaml" }, cwd)).toMatchObject({
    plans: join(cwd, "etc", "plans.d"),
    records: join(cwd, "records"),
    state: "/var/lib/firedrill",
  });
});

test("the example is sound and lists a database and a cluster", () => {
  expect(loadConfig({ FIREDRILL_CONFIG: "examples/firedrill.yaml" }, process.cwd()).mayDestroy).toEqual([
    { systemIdentifier: "7412345678901234567", server: "db.lan:5432", database: "shop" },
    { systemIdentifier: "7412345678907654321", data: "/var/lib/postgresql/15/ledger" },
  ]);
});

test("a data directory is written in one way", () => {
  expect(load('mayDestroy: [{ systemIdentifier: "7", data: /srv//pg/./main/ }]').mayDestroy).toEqual([
    { systemIdentifier: "7", data: "/srv/pg/main" },
  ]);
});

test("an empty value of FIREDRILL_CONFIG, and one that names no file", () => {
  expect(failureOf(() => loadConfig({ FIREDRILL_CONFIG: "" }, cwd))).toMatchObject({
    type: "CONFIG_INVALID",
    message: "FIREDRILL_CONFIG is empty",
  });
  expect(failureOf(() => loadConfig({ FIREDRILL_CONFIG: "no.yaml" }, cwd))).toMatchObject({
    type: "CONFIG_INVALID",
    message: `${join(cwd, "no.yaml")}:1:1: there is no such file\n  hint: Correct the path, or create the file.`,
  });
});

test("a firedrill.yaml that is there is never passed over", () => {
  mkdirSync(join(cwd, "firedrill.yaml"));
  expect(failureOf(() => loadConfig({}, cwd)).message).toContain("is a directory, not a file");
});

test("a system identifier without quotes would lose digits", () => {
  const { type, message } = failureOf(() =>
    load("mayDestroy:\n  - { systemIdentifier: 7412345678901234567, database: shop, server: 'db:1' }\n"),
  );
  expect(type).toBe("CONFIG_INVALID");
  expect(message).toBe(
    `${join(cwd, "firedrill.yaml")}:2:25 mayDestroy[0].systemIdentifier: must be text, not a number\n` +
      '  hint: Put it into quotes: `systemIdentifier: "7412345678901234567"`.',
  );
});

test.each([
  ["mayDestory: []", '1:1 mayDestory: unknown key "mayDestory"', 'did you mean "mayDestroy"?'],
  [
    'mayDestroy: [{ systemIdentifier: "7", server: "db:1" }]',
    '1:14 mayDestroy[0].database: missing key "database" or "data"',
    "Add `database: shop` or `data: /var/lib/postgresql/15/main`.",
  ],
  [
    'mayDestroy: [{ database: shop, server: "db:1" }]',
    '1:14 mayDestroy[0].systemIdentifier: missing key "systemIdentifier"',
    'Add `systemIdentifier: "7412345678901234567"` (',
  ],
  [
    'mayDestroy: [{ systemIdentifier: "7", databse: shop, server: "db:1" }]',
    '1:39 mayDestroy[0].databse: unknown key "databse"',
    'did you mean "database"?',
  ],
  [
    'mayDestroy: [{ systemIdentifier: "7", database: a, data: /srv/pg, server: "db:1" }]',
    '1:52 mayDestroy[0].data: "data" cannot stand beside "database"',
    "Keep one of them.",
  ],
  [
    'mayDestroy: [{ systemIdentifier: "*", database: shop, server: "db:1" }]',
    "1:34 mayDestroy[0].systemIdentifier: must be PostgreSQL's system identifier: digits only",
    "For example `systemIdentifier:",
  ],
  [
    'mayDestroy: [{ systemIdentifier: "7", data: srv/pg }]',
    "1:45 mayDestroy[0].data: must be an absolute path, starting with /",
    "For example `data: /var/lib/postgresql/15/main`.",
  ],
  [
    'mayDestroy: [{ cluster: "1f0c7a52-6b5e-4a53-9d0e-0d5c3b8b6f1e" }]',
    '1:14 mayDestroy[0].namespace: missing key "namespace" or "node" or "claim" or "volume"',
    "Add `namespace: shop` or `node: worker-1` or `claim: shop/data` or `volume: shop-data`.",
  ],
  [
    'mayDestroy: [{ cluster: "1f0c7a52-6b5e-4a53-9d0e-0d5c3b8b6f1e", namespace: shop, workload: shop }]',
    '1:92 mayDestroy[0].workload: must be kind and name, such as "deployment/shop"',
    "For example `workload: deployment/shop`.",
  ],
  [
    "mayDestroy: [shop]",
    "1:14 mayDestroy[0]: must be a map of keys, not text",
    "Its keys are systemIdentifier, database, server.",
  ],
  ["mayDestroy: all", "1:13 mayDestroy: must be a list, not text", "For example `mayDestroy: [{"],
  ["mayDestroy:", "1:1 mayDestroy: has no value", "Write a value, or remove it."],
  ["plans: ~/plans", '1:8 plans: must not begin with "~"; write the whole path', "For example"],
  [
    "# nothing yet",
    "1:1: the file is empty",
    "Its keys are plans, records, state, taskQueue, ui, mayDestroy, metrics.",
  ],
])("%s", (text, message, hint) => {
  const failure = failureOf(() => load(`${text}\n`));
  expect(failure.type).toBe("CONFIG_INVALID");
  expect(failure.message.split("\n")[0]).toBe(`${join(cwd, "firedrill.yaml")}:${message}`);
  expect(failure.message).toContain(`\n  hint: ${hint}`);
  expect(failure.message.split("\n")).toHaveLength(2);
});
