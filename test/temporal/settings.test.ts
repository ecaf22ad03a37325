import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { describeFailure } from "../../src/failures.ts";
import { temporalConfigured } from "../../src/temporal/connect.ts";
import { temporalSettings } from "../../src/temporal/settings.ts";

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-settings-"));
  file = join(directory, "temporal.toml");
  for (const name of Object.keys(process.env)) if (name.startsWith("TEMPORAL_")) vi.stubEnv(name, undefined);
  vi.stubEnv("HOME", directory);
  vi.stubEnv("XDG_CONFIG_HOME", directory);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

async function useFile(text: string): Promise<void> {
  await writeFile(file, text);
  vi.stubEnv("TEMPORAL_CONFIG_FILE", file);
}

function failure() {
  try {
    return temporalSettings();
  } catch (error) {
    return describeFailure(error);
  }
}

test("without anything it is a plain server on this machine, and counts as not configured", () => {
  expect(temporalSettings()).toMatchObject({
    address: "127.0.0.1:7233",
    namespace: "default",
    options: { tls: undefined },
  });
  expect(temporalConfigured()).toBe(false);
});

test.each([
  "foo:",
  ":7233",
  "http://temporal.lan:7233",
  "temporal.lan:0",
  "temporal.lan:99999",
  "user:hunter2@temporal.lan:7233",
])("%s is no address; it is not repeated", (address) => {
  vi.stubEnv("TEMPORAL_ADDRESS", address);
  expect(failure()).toEqual({
    type: "CONFIG_INVALID",
    message: "the address of the Temporal server is not host:port",
    hint: expect.stringContaining("TEMPORAL_ADDRESS") as string,
  });
});

test.each(["temporal.lan", "temporal.lan:7233", "127.0.0.1:1", "[::1]:7233", "ns.a1b2c.tmprl.cloud:7233"])(
  "%s is an address",
  (address) => {
    vi.stubEnv("TEMPORAL_ADDRESS", address);
    expect(temporalSettings().address).toBe(address);
  },
);

test("a namespace alone says nothing about where Temporal is", () => {
  vi.stubEnv("TEMPORAL_NAMESPACE", "drills");
  expect(temporalSettings().namespace).toBe("drills");
  expect(temporalConfigured()).toBe(false);
});

test.runIf(process.platform === "linux")("reads the profile file where the temporal CLI has it", async () => {
  await mkdir(join(directory, "temporalio"));
  await writeFile(
    join(directory, "temporalio", "temporal.toml"),
    '[profile.default]\naddress = "a:1"\nnamespace = "n"\n[profile.cloud]\naddress = "b:2"\napi_key = "k"\n',
  );
  expect(temporalSettings()).toMatchObject({ address: "a:1", namespace: "n" });
  expect(temporalConfigured()).toBe(true);
  vi.stubEnv("TEMPORAL_PROFILE", "cloud");
  expect(temporalSettings()).toMatchObject({
    address: "b:2",
    namespace: "default",
    options: { apiKey: "k", tls: true },
  });
});

test("the environment wins over the profile file", async () => {
  await useFile('[profile.default]\naddress = "a:1"\nnamespace = "n"\n');
  vi.stubEnv("TEMPORAL_ADDRESS", "env:3");
  expect(temporalSettings()).toMatchObject({ address: "env:3", namespace: "n" });
});

test("an empty profile file is none", async () => {
  await useFile("");
  vi.stubEnv("TEMPORAL_CONFIG_FILE", "/dev/null");
  expect(temporalSettings().address).toBe("127.0.0.1:7233");
  vi.stubEnv("TEMPORAL_CONFIG_FILE", undefined);
  await mkdir(join(directory, "temporalio"));
  await writeFile(join(directory, "temporalio", "temporal.toml"), "# nothing yet\n");
  expect(temporalSettings().address).toBe("127.0.0.1:7233");
});

test.each([
  ["bad TOML", '[profile.default]\naddress = "a:1\n', /temporal\.toml:2:\d+: Invalid TOML/],
  ["no profile", 'address = "a:1"\n', /temporal\.toml: it does not have the form of a profile/],
  [
    "a number for an address",
    "[profile.default]\naddress = 7233\n",
    /temporal\.toml: it does not have the form of a profile/,
  ],
  [
    "both forms of a key",
    '[profile.default.tls]\nclient_key_path = "a"\nclient_key_data = "b"\n',
    /temporal\.toml: Cannot specify both/,
  ],
])("a profile file with %s is named", async (_, text, message) => {
  await useFile(text);
  const found = failure();
  expect(found).toMatchObject({ type: "CONFIG_INVALID", message: expect.stringMatching(message) as string });
});

test("a profile or a file that was asked for must be there", async () => {
  vi.stubEnv("TEMPORAL_CONFIG_FILE", file);
  expect(failure()).toMatchObject({
    type: "CONFIG_INVALID",
    message: `${file} has no profile, but TEMPORAL_CONFIG_FILE names it`,
  });
  await useFile('[profile.default]\naddress = "a:1"\n');
  vi.stubEnv("TEMPORAL_PROFILE", "cloud");
  expect(failure()).toMatchObject({
    type: "CONFIG_INVALID",
    message: `${file}: Profile 'cloud' not found in config data`,
  });
});

test("a certificate that is not there is named by its own path", async () => {
  await useFile(
    `[profile.default]\naddress = "a:1"\n[profile.default.tls]\nclient_cert_path = "${directory}/gone.pem"\n`,
  );
  expect(failure()).toMatchObject({
    type: "CONFIG_INVALID",
    message: `cannot read ${directory}/gone.pem for the connection to Temporal (ENOENT)`,
  });
});
