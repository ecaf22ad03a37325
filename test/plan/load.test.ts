import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeFailure } from "../../src/failures.ts";
import { findPlan, loadPlanFile, parsePlan } from "../../src/plan/load.ts";
import { plan } from "./broken-plans.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "firedrill-plans-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function write(name: string, content: string | Uint8Array): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

async function failureOf(work: Promise<unknown>) {
  return work.then(
    () => ({ type: "none", message: "", hint: "" }),
    (error: unknown) => describeFailure(error),
  );
}

test("a plan is plain JSON with the hash of its bytes", async () => {
  const text = plan("retention: { age: 7d }\nkeepFree: 1 GiB\nobjectives: { rto: 1h 30m }");
  const file = write("shop.yaml", text);
  const loaded = await loadPlanFile(file);
  expect(loaded.file).toBe(file);
  expect(loaded.sha256).toBe(createHash("sha256").update(text).digest("hex"));
  expect(JSON.parse(JSON.stringify(loaded.plan))).toStrictEqual(loaded.plan);
  expect(loaded.plan).toStrictEqual({
    name: "shop",
    environment: "dev",
    objectives: {},
    components: [
      {
        name: "shop",
        kind: "pgdump",
        objectives: { rto: 90 * 60_000 },
        connection: { host: "127.0.0.1", port: 5432, user: "postgres", tls: "prefer" },
        database: "shop",
        maintenanceDatabase: "postgres",
        dumps: "/srv/dumps",
        format: "directory",
        jobs: 2,
        retention: { age: 7 * 24 * 3_600_000 },
        keepFree: 1024 ** 3,
      },
    ],
  });
});

test("a byte order mark and Windows line ends do no harm", async () => {
  const file = write("shop.yaml", `\ufeff${plan("jobs: 3").replaceAll("\n", "\r\n")}`);
  expect((await loadPlanFile(file)).plan.components[0]).toMatchObject({ jobs: 3 });
});

test.each(readdirSync("examples").filter((name) => name.endsWith(".yaml") && name !== "firedrill.yaml"))(
  "the example %s is sound",
  (name) => {
    expect(parsePlan(readFileSync(join("examples", name), "utf8"), name).problems).toEqual([]);
  },
);

test("the example plan shows both kinds", () => {
  const { plan: example } = parsePlan(readFileSync("examples/postgres.yaml", "utf8"), "postgres.yaml");
  expect(example?.components.map(({ kind }) => kind)).toEqual(["pgdump", "pgbackrest"]);
});

test("all problems of a file are in the message of the failure", async () => {
  const file = write("shop.yaml", plan("jbos: 3\nkeepFree: lots"));
  const { type, message } = await failureOf(loadPlanFile(file));
  expect(type).toBe("PLAN_INVALID");
  expect(message.split("\n")).toEqual([
    `${file}:7:5 components[0].jbos: unknown key "jbos"`,
    '  hint: did you mean "jobs"?',
    `${file}:8:15 components[0].keepFree: is not a size; write "500 MB" or "1 GiB"`,
    "  hint: For example `keepFree: 500 MB`.",
  ]);
});

test("a file that is wrong from end to end does not make an endless message", async () => {
  const keys = Array.from({ length: 300 }, (_, n) => `wrong${n}: 1\n`).join("");
  const { message } = await failureOf(loadPlanFile(write("shop.yaml", `${plan("jobs: 1")}${keys}`)));
  expect(message.split("\n")).toHaveLength(101);
  expect(message).toMatch(/… and 250 more problems$/);
});

test("a plan has its file's name", async () => {
  const { type, message, hint } = await failureOf(loadPlanFile(write("other.yaml", plan("jobs: 1"))));
  expect(type).toBe("PLAN_INVALID");
  expect(`${message} ${hint}`).toContain("other.yaml:1:7 name: must be the same as the file's name");
});

const files: [string, (path: string) => void, string, string][] = [
  ["missing", () => undefined, "PLAN_NOT_FOUND", "there is no such file"],
  ["a directory", (path) => mkdirSync(path), "PLAN_INVALID", "is a directory, not a file"],
  ["a device", (path) => symlinkSync("/dev/null", path), "PLAN_INVALID", "is not a regular file"],
  [
    "binary",
    (path) => writeFileSync(path, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1])),
    "PLAN_INVALID",
    "is not a text file",
  ],
  ["UTF-16", (path) => writeFileSync(path, "\ufeffname: shop", "utf16le"), "PLAN_INVALID", "is not a text file"],
  ["huge", (path) => writeFileSync(path, "#".repeat(1024 * 1024 + 1)), "PLAN_INVALID", "is larger than 1 MiB"],
  ["empty", (path) => writeFileSync(path, ""), "PLAN_INVALID", "the file is empty"],
];

test.each(files)("a plan file that is %s", async (_, make, type, message) => {
  const path = join(directory, "shop.yaml");
  make(path);
  const failure = await failureOf(loadPlanFile(path));
  expect(failure.type).toBe(type);
  expect(failure.message).toContain(`${path}:1:1: ${message}\n  hint: `);
});

test("brackets without end", async () => {
  const { type, message } = await failureOf(loadPlanFile(write("shop.yaml", "[".repeat(20_000))));
  expect(type).toBe("PLAN_INVALID");
  expect(message).toContain("is nested too deeply");
});

test("a file in another encoding is told where it goes wrong", async () => {
  const latin1 = Buffer.from("name: shop\nowner: { team: Müller }\n", "latin1");
  const { type, message } = await failureOf(loadPlanFile(write("shop.yaml", latin1)));
  expect(type).toBe("PLAN_INVALID");
  expect(message).toContain("shop.yaml:2:17: is not encoded as UTF-8 from here on");
});

test("a file that may not be read", async () => {
  const file = write("shop.yaml", plan("jobs: 1"));
  chmodSync(file, 0);
  // The superuser may read everything: give that up for a moment.
  const [isRoot, nobody] = [process.getuid!() === 0, 65_534];
  chmodSync(directory, 0o755);
  if (isRoot) process.seteuid!(nobody);
  try {
    const { type, message } = await failureOf(loadPlanFile(file));
    expect(type).toBe("PLAN_INVALID");
    expect(message).toContain("may not be read");
  } finally {
    if (isRoot) process.seteuid!(0);
  }
});

test("a plan is found by its name, with either ending", async () => {
  write("shop.yaml", plan("jobs: 1"));
  write("mail.yml", plan("jobs: 2", "name: mail"));
  expect((await findPlan(directory, "shop")).file).toBe(join(directory, "shop.yaml"));
  expect((await findPlan(directory, "mail")).plan.name).toBe("mail");
});

test("an unknown plan: the nearest name and all there are", async () => {
  write("shop.yaml", plan("jobs: 1"));
  write("mail.yaml", plan("jobs: 1"));
  write("notes.txt", "");
  expect(await failureOf(findPlan(directory, "shpo"))).toEqual({
    type: "PLAN_NOT_FOUND",
    message: `there is no plan "shpo" in ${directory}`,
    hint: 'Did you mean "shop"? Plans there: mail, shop.',
  });
});

test.each([
  "../shop",
  "/etc/passwd",
  "shop.yaml",
  "shop/x",
  "",
  ".",
  "Shop",
  "shop\n",
  "shop\0",
  "x".repeat(10_000) + "/",
])("what could be a path never reaches the file system: %j", async (name) => {
  write("shop.yaml", plan("jobs: 1"));
  const failure = await failureOf(findPlan(join(directory, "plans"), name));
  expect(failure.type).toBe("PLAN_NOT_FOUND");
  expect(failure.message).toMatch(/is not the name of a plan$/);
  expect(failure.message.length).toBeLessThan(200);
});

test("two files of one name", async () => {
  write("shop.yaml", plan("jobs: 1"));
  write("shop.yml", plan("jobs: 1"));
  expect(await failureOf(findPlan(directory, "shop"))).toMatchObject({
    type: "PLAN_INVALID",
    message: `shop.yaml and shop.yml of ${directory} are the same plan`,
  });
});

test("a plans directory that is empty or missing", async () => {
  expect((await failureOf(findPlan(directory, "shop"))).hint).toBe("There is no plan there yet.");
  const failure = await failureOf(findPlan(join(directory, "none"), "shop"));
  expect(failure.type).toBe("PLAN_NOT_FOUND");
  expect(failure.message).toMatch(/cannot be read \(ENOENT\)$/);
});
