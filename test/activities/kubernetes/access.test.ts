import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { kubeconfigText } from "../../../src/activities/kubernetes/access.ts";
import { describeFailure } from "../../../src/failures.ts";
import { ClusterAccess } from "../../../src/plan/access-schema.ts";
import { kubeconfigOf } from "../../support/fake-api-server.ts";
import { answers, startHttp } from "../../support/notice-servers.ts";

const directory = mkdtempSync(join(tmpdir(), "firedrill-access-"));
const servers: { close: () => Promise<void> }[] = [];
const text = kubeconfigOf({ server: "https://10.0.0.1:6443" }, { token: "s3cret-of-access" });

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIATEST");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "aws-s3cret");
  vi.stubEnv("AWS_REGION", undefined);
  vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
  vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

const read = async (kubeconfig: unknown) => await kubeconfigText(ClusterAccess.parse({ kubeconfig }));
async function failureOf(kubeconfig: unknown) {
  return describeFailure(
    await read(kubeconfig).then(
      () => new Error("it went well"),
      (error: unknown) => error,
    ),
  );
}
function script(name: string, body: string): string {
  const file = join(directory, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

test("a file is taken as it is; what it names beside itself is found from everywhere", async () => {
  const file = join(directory, "config");
  writeFileSync(file, text);
  expect(await read({ file })).toBe(text);
  const exec = { command: "./bin/login", apiVersion: "v1" };
  const user = { "client-certificate": "me.crt", "client-key": "/keys/me.key", tokenFile: "token", exec };
  writeFileSync(file, kubeconfigOf({ server: "https://10.0.0.1:6443", "certificate-authority": "pki/ca.crt" }, user));
  expect(parse(await read({ file }))).toMatchObject({
    clusters: [{ cluster: { "certificate-authority": join(directory, "pki/ca.crt") } }],
    users: [
      {
        user: {
          "client-certificate": join(directory, "me.crt"),
          "client-key": "/keys/me.key",
          tokenFile: join(directory, "token"),
          exec: { command: join(directory, "bin/login") },
        },
      },
    ],
  });
  writeFileSync(file, kubeconfigOf({ server: "https://x" }, { exec: { command: "aws" } }));
  expect(parse(await read({ file }))).toMatchObject({ users: [{ user: { exec: { command: "aws" } } }] });
  writeFileSync(file, "{ no: yaml");
  expect(await read({ file })).toBe("{ no: yaml");
  expect(await failureOf({ file: "/no/such/file" })).toMatchObject({
    type: "SECRET_MISSING",
    message: "the worker cannot read the kubeconfig /no/such/file (ENOENT)",
  });
});

test("a program prints it; what it printed stands in no message", async () => {
  expect(await read({ command: ["printf", "%s", text] })).toBe(text.trimEnd());
  const fails = script("fails", "echo 'token: s3cret'; echo no state >&2; exit 3");
  expect(await failureOf({ command: [fails] })).toMatchObject({
    type: "PROGRAM_FAILED",
    message: `${fails}, which should print the kubeconfig, ended with exit code 3: no state`,
  });
  const silent = script("silent", "echo 'token: s3cret'; exit 1");
  expect(JSON.stringify(await failureOf({ command: [silent] }))).not.toContain("s3cret");
  expect(await failureOf({ command: ["true"] })).toMatchObject({
    message: expect.stringContaining("printed nothing") as unknown,
  });
  expect(await failureOf({ command: ["no-such-program"] })).toMatchObject({ type: "PROGRAM_MISSING" });
});

test("talosctl is asked for it in the way that prints it", async () => {
  script("talosctl", 'echo "$@"');
  vi.stubEnv("PATH", `${directory}:${process.env["PATH"]}`);
  const talos = { config: "/etc/talosconfig", node: "10.0.0.11" };
  expect(await read({ talos })).toBe("--talosconfig /etc/talosconfig --nodes 10.0.0.11 kubeconfig - --merge=false");
  expect(await read({ talos: { ...talos, endpoint: "10.0.0.10" } })).toContain("--endpoints 10.0.0.10 kubeconfig");
});

test("in a pod the account of the pod is used", async () => {
  vi.stubEnv("KUBERNETES_SERVICE_HOST", "fd00::1");
  vi.stubEnv("KUBERNETES_SERVICE_PORT", "443");
  expect(parse(await read("in-cluster"))).toMatchObject({
    clusters: [{ cluster: { server: "https://[fd00::1]:443" } }],
    users: [{ user: { tokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token" } }],
  });
  vi.stubEnv("KUBERNETES_SERVICE_HOST", undefined);
  expect(await failureOf("in-cluster")).toMatchObject({ type: "SECRET_MISSING" });
});

/** AWS JSON 1.1, as far as GetParameter needs it. */
async function ssm(...script: Parameters<typeof startHttp>) {
  const server = await startHttp(...script);
  servers.push(server);
  return { server, from: { ssm: "/homelab/kubeconfig", region: "eu-central-1", endpoint: server.url("") } };
}
const says =
  (status: number, body: object): Parameters<typeof startHttp>[0] =>
  (response) =>
    void response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));

test("a parameter of SSM is asked for decrypted", async () => {
  const { server, from } = await ssm(says(200, { Parameter: { Name: "/homelab/kubeconfig", Value: text } }));
  expect(await read(from)).toBe(text);
  expect(JSON.parse(server.got[0]!.body)).toEqual({ Name: "/homelab/kubeconfig", WithDecryption: true });
  expect(server.got[0]?.headers).toMatchObject({
    "x-amz-target": "AmazonSSM.GetParameter",
    authorization: expect.stringContaining("AKIATEST/") as unknown,
  });
});

test.each([
  [
    400,
    { __type: "ExpiredTokenException", message: "The security token is expired" },
    "AUTHENTICATION_FAILED",
    "ExpiredTokenException",
  ],
  [
    400,
    { __type: "UnrecognizedClientException", message: "invalid token" },
    "AUTHENTICATION_FAILED",
    "UnrecognizedClient",
  ],
  [400, { __type: "ParameterNotFound" }, "SECRET_MISSING", "there is no SSM parameter /homelab/kubeconfig"],
  [
    400,
    { __type: "AccessDeniedException", message: "User x is not authorized to perform: ssm:GetParameter" },
    "PERMISSION_DENIED",
    "not authorized to perform",
  ],
  [
    400,
    { __type: "InvalidKeyId", message: "the key is disabled" },
    "SECRET_MISSING",
    "cannot be read: the key is disabled",
  ],
  [400, { __type: "ThrottlingException", message: "slow down" }, "SYSTEM_UNREACHABLE", "ThrottlingException"],
  [500, { __type: "InternalServerError", message: "sorry" }, "SYSTEM_UNREACHABLE", "InternalServerError"],
  [200, { Parameter: { Value: "" } }, "SECRET_MISSING", "is empty"],
])("SSM says %s %o", async (status, body, type, message) => {
  const { from } = await ssm(says(status, body));
  const failure = await failureOf(from);
  expect(failure).toMatchObject({ type, message: expect.stringContaining(message) as unknown });
  expect(failure.message).not.toContain("aws-s3cret");
});

test("SSM that is not there, missing credentials and a missing region are told apart", async () => {
  const { server, from } = await ssm(answers.closes);
  expect(await failureOf(from)).toMatchObject({ type: "SYSTEM_UNREACHABLE" });
  await server.close();
  expect(await failureOf(from)).toMatchObject({
    type: "SYSTEM_UNREACHABLE",
    message: "AWS SSM does not answer (ECONNREFUSED)",
  });
  expect(await failureOf({ ssm: "/x", endpoint: from.endpoint })).toMatchObject({
    type: "PLAN_INVALID",
    message: "the SSM parameter /x needs a region",
  });
  vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  expect(await failureOf(from)).toMatchObject({
    type: "AUTHENTICATION_FAILED",
    message: expect.stringContaining("CredentialsProviderError") as unknown,
  });
});

test.each([
  [{ kubeconfig: "somewhere" }],
  [{ kubeconfig: { file: "relative" } }],
  [{ kubeconfig: { command: [] } }],
  [{ kubeconfig: { file: "/a", command: ["b"] } }],
  [{ kubeconfig: { ssm: "/x", endpoint: "ftp://x" } }],
  [{ kubeconfig: { talos: { config: "/x" } } }],
  [{ kubeconfig: "in-cluster", context: "" }],
  [{}],
])("%o is no access to a cluster", (access) => {
  expect(ClusterAccess.safeParse(access).success).toBe(false);
});
