import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Canary, canariesBelow, canariesIn, canary } from "../support/canaries.ts";
import { createWorkplace, type DrillRun, type Workplace } from "../support/drill.ts";
import {
  answer,
  certificate,
  type FakeApiServer,
  kubeconfigOf,
  startFakeApiServer,
} from "../support/fake-api-server.ts";

/** What a kubeconfig holds stays in the step that uses it, in whatever way it came, and whatever an API server says of it. */

const probe = canary("probe");
const secrets = {
  token: canary("token"),
  password: canary("password", (core) => `p@ss ${core}/+=`),
  tokenFile: canary("tokenFile"),
  plugin: canary("plugin"),
  command: canary("command"),
  printed: canary("printed"),
  broken: canary("broken"),
  key: canary("key"),
};
const hidden: Canary[] = Object.values(secrets);

let drill: Workplace;
let server: FakeApiServer;
const runs: DrillRun[] = [];
/** By plan. */
const told: Record<string, string> = {};

beforeAll(async () => {
  const directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  drill = await createWorkplace(directory, {});
  // Says again what it was told, as bad proxies do.
  server = await startFakeApiServer((asked, response) => {
    const said = String(asked.headers.authorization);
    const inside = Buffer.from(said.replace(/^\w+ /, ""), "base64").toString();
    answer.status(403, `who is ${said}, that is ${inside}?`)(asked, response);
  });
  const write = async (name: string, text: string, mode = 0o600) => {
    await writeFile(join(directory, name), text, { mode });
    return { file: join(directory, name) };
  };
  const program = async (name: string, text: string, exitCode = 0) =>
    (await write(name, `#!/bin/sh\ncat <<'END'\n${text}\nEND\nexit ${exitCode}\n`, 0o700)).file;
  const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential" };
  const plugin = await program("plugin", JSON.stringify({ ...credential, status: { token: secrets.plugin.secret } }));
  await write("token", `${secrets.tokenFile.secret}\n`);
  const exec = { apiVersion: credential.apiVersion, command: plugin, interactiveMode: "Never" };
  const badKey = { "client-certificate-data": btoa(certificate().cert), "client-key-data": btoa(secrets.key.secret) };
  const ways = {
    token: await write("token.config", server.kubeconfig({ token: secrets.token.secret })),
    password: await write("password.config", server.kubeconfig({ username: "me", password: secrets.password.secret })),
    "token-file": await write("token-file.config", server.kubeconfig({ tokenFile: join(directory, "token") })),
    plugin: await write("plugin.config", server.kubeconfig({ exec })),
    command: { command: [await program("command", server.kubeconfig({ token: secrets.command.secret }))] },
    "command-fails": { command: [await program("fails", server.kubeconfig({ token: secrets.printed.secret }), 3)] },
    broken: await write("broken.config", `users: [{ name: x, user: { token: ${secrets.broken.secret} }`),
    key: await write("key.config", kubeconfigOf({ server: server.url, "insecure-skip-tls-verify": true }, badKey)),
  };
  await drill.startWorker();
  const begin = async ([name, kubeconfig]: [string, object]) => {
    await drill.plan({ name: "shop", kind: "namespace", namespace: "shop" }, { access: { kubeconfig } }, name);
    const run = await drill.start("audit", { plan: name, reason: probe.secret });
    runs.push(run);
    const { steps } = await run.end();
    told[name] = steps.flatMap(({ failures }) => failures.map(({ message }) => message)).join("\n");
  };
  await Promise.all(Object.entries(ways).map(begin));
}, 240_000);
afterAll(async () => {
  await drill.remove();
  await server.stop();
});

test("each way of access was used, and failed as it should", () => {
  const echoed = expect.stringMatching(/who is \w+ \*\*\*, that is /) as string;
  expect(told).toEqual({
    token: echoed,
    password: echoed,
    "token-file": echoed,
    plugin: echoed,
    command: echoed,
    "command-fails": expect.stringContaining("ended with exit code 3") as string,
    broken: "the kubeconfig is not one",
    key: expect.stringMatching(/./) as string,
  });
});

test("the history of each run, every payload decoded, its failure and what the server shows of it", async () => {
  for (const { handle, record } of runs) {
    const failure: unknown = await handle.result().catch((error: unknown) => error);
    const shown = [await handle.fetchHistory(), failure, (await handle.describe()).raw, await record()];
    expect(canariesIn(shown, [...hidden, probe])).toEqual(["probe"]);
  }
  expect(runs).toHaveLength(8);
});

test("records, state and the worker's log; the kubeconfig is written nowhere", async () => {
  const { directory } = drill;
  const log = await readFile(join(directory, "worker.log"), "utf8");
  expect(log).toContain("the worker is ready");
  expect(canariesIn(log, hidden)).toEqual([]);
  for (const place of ["records", "state"]) {
    const found = await canariesBelow(join(directory, place), [...hidden, probe]);
    expect(new Set(found.map((one) => one.split(" ")[0]))).toEqual(new Set(place === "records" ? ["probe"] : []));
  }
  // Where a person has put them they are found.
  const put = await canariesBelow(directory, hidden);
  expect(new Set(put.map((one) => one.split(" ")[0])).size).toBe(hidden.length);
});
