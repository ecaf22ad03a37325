import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askRegistry } from "../../../src/activities/registry/client.ts";
import { certificate } from "../../support/fake-api-server.ts";

/** A registry behind TLS that wants a pull secret: by itself, or by who makes its tokens. */

const good = Buffer.from("robot:right").toString("base64");
const usual = getGlobalDispatcher();
let server: Server;
let host: string;

beforeAll(async () => {
  const { key, cert } = certificate();
  server = createServer({ key, cert }, ({ url = "", headers: { authorization } }, response) => {
    if (url.startsWith("/token")) {
      const known = authorization === `Basic ${good}`;
      return response.writeHead(known ? 200 : 401).end(JSON.stringify({ token: "made" }));
    }
    const kind = url.includes("/tokens/") ? "Bearer" : "Basic";
    if (authorization === (kind === "Basic" ? `Basic ${good}` : "Bearer made")) return response.writeHead(200).end();
    const challenge =
      kind === "Basic" ? 'Basic realm="x"' : `Bearer realm="https://${host}/token",service="s",scope="p"`;
    return response.writeHead(401, { "www-authenticate": challenge }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  setGlobalDispatcher(new Agent({ connect: { ca: cert } }));
});
afterAll(() => {
  setGlobalDispatcher(usual);
  server.close();
});

const ask = (kind: "basic" | "tokens", ...secrets: string[]) =>
  askRegistry(`${host}/${kind}/shop:1`, new Map([[host, secrets]]), new AbortController().signal);
const wrong = Buffer.from("robot:wrong").toString("base64");

test.each(["basic", "tokens"] as const)("%s: the right secret opens, whichever of them it is", async (kind) => {
  expect(await ask(kind, good)).toEqual({ state: "there" });
  expect(await ask(kind, wrong, good)).toEqual({ state: "there" });
});

test.each(["basic", "tokens"] as const)(
  "%s: a secret that is refused would be refused to the kubelet",
  async (kind) => {
    expect(await ask(kind, wrong)).toMatchObject({ state: "gone", why: `${host} refuses it with status 401` });
    expect(await ask(kind)).toMatchObject({ state: "unknown" });
  },
);
