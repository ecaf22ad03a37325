import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { learnSecretVariables, programEnvironment } from "../../src/activities/program-environment.ts";

let plans: string;
beforeEach(async () => void (plans = await mkdtemp(join(tmpdir(), "plans-"))));
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(plans, { recursive: true });
});

test("a program inherits no variable that any plan names, wrong plans included, in whatever way it is written", async () => {
  const written = {
    ONE_LOGIN: "password: { env: ONE_LOGIN }",
    TWO_LOGIN: "password:\n  env: 'TWO_LOGIN'",
    THREE_LOGIN: '{"password": {"env": "THREE_LOGIN"}',
  };
  for (const [variable, text] of Object.entries(written)) {
    vi.stubEnv(variable, "x");
    expect(programEnvironment()).toHaveProperty(variable);
    await writeFile(join(plans, `${variable.toLowerCase()}.yaml`), text);
  }
  await learnSecretVariables(plans);
  for (const variable of Object.keys(written)) expect(programEnvironment()).not.toHaveProperty(variable);
  expect(programEnvironment({ ONE_LOGIN: "x" })).toHaveProperty("ONE_LOGIN");
});

test("a pipe among the plans holds nobody up", { timeout: 5_000 }, async () => {
  await execa("mkfifo", [join(plans, "pipe.yaml")]);
  await learnSecretVariables(plans);
});

test("a program inherits what no plan names and what does not look like a secret", () => {
  vi.stubEnv("FIREDRILL_TEST_COLOUR", "blue");
  vi.stubEnv("FIREDRILL_TEST_TOKEN", "x");
  vi.stubEnv("TEMPORAL_ADDRESS", "x");
  expect(programEnvironment()).toMatchObject({ FIREDRILL_TEST_COLOUR: "blue", LC_ALL: "C" });
  for (const name of ["FIREDRILL_TEST_TOKEN", "TEMPORAL_ADDRESS"])
    expect(programEnvironment()).not.toHaveProperty(name);
});
