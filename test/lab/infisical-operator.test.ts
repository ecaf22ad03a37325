import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { answer, certificate, startFakeApiServer } from "../support/fake-api-server.ts";

test("an InfisicalSecret without an interval is tried again after a minute, not as fast as the API server can answer", async () => {
  const metadata = { name: "shop", namespace: "shop", uid: "1", generation: 1 };
  const list = answer.json({ metadata: { resourceVersion: "1" }, items: [{ metadata, spec: {} }] });
  const server = await startFakeApiServer((asked, response) => {
    if (asked.query.has("watch")) response.writeHead(200).flushHeaders();
    else if (asked.method === "PATCH") answer.json({})(asked, response);
    else list(asked, response);
  });
  const directory = await mkdtemp(join(tmpdir(), "firedrill-operator-"));
  const [kubeconfig, store] = [join(directory, "kubeconfig"), join(directory, "store.json")];
  const { key, cert } = certificate();
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const user = { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
  await writeFile(kubeconfig, server.kubeconfig(user));
  await writeFile(store, JSON.stringify({ secrets: {} }));
  const operator = spawn(process.execPath, ["lab/operators/infisical-operator.ts", kubeconfig, store], {
    stdio: "ignore",
  });
  const patches = () => server.asked.filter(({ method }) => method === "PATCH").length;
  try {
    await expect.poll(patches, { timeout: 30_000 }).toBeGreaterThan(0);
    await sleep(1_000);
    expect(patches()).toBe(1);
  } finally {
    operator.kill("SIGKILL");
    await once(operator, "exit");
    await server.stop();
    await rm(directory, { recursive: true });
  }
});
