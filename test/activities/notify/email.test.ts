import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { canariesIn, canary } from "../../support/canaries.ts";
import { startSmtp } from "../../support/notice-servers.ts";
import { ended, secret, tell, waiting } from "../../support/notices.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(options: Parameters<typeof startSmtp>[0]) {
  const server = await startSmtp(options);
  closing.push(server.close);
  return server;
}

const to = ["oncall@example.org", "boss@example.org"];
const mailTo = (port: number, more: object = {}) => ({
  kind: "email",
  host: "127.0.0.1",
  port,
  from: "firedrill@example.org",
  to,
  ...more,
});
const plain = { tls: "none" };

test("a mail goes to all, with verdict, times, reason and link", async () => {
  const server = await serve({ hideSTARTTLS: true, disabledCommands: ["AUTH"] });
  expect(await tell(mailTo(server.port, plain), ended).outcome).toEqual({ sent: 1, failed: 0, why: null });
  const [{ from, to: got, content }] = server.mails as [(typeof server.mails)[0]];
  expect([from, got]).toEqual(["firedrill@example.org", to]);
  for (const part of [
    "Subject: FAIL: exercise of homelab",
    "RTO 1m 12s of 1m",
    "RPO 7.7s",
    "temporal.lan:8080/",
    "the RTO was missed",
  ])
    expect(content.replaceAll("=\r\n", "")).toContain(part);
});

test("nothing that stands in a run becomes a header", async () => {
  const server = await serve({ hideSTARTTLS: true, disabledCommands: ["AUTH"] });
  await tell(mailTo(server.port, plain), { ...ended, plan: "x\r\nBcc: eve@example.org\r\n\r\n" }).outcome;
  expect(server.mails[0]!.to).toEqual(to);
  expect(server.mails[0]!.content).not.toMatch(/^Bcc/m);
});

test("by TLS with a certificate that Node trusts, and a password", async () => {
  const directory = mkdtempSync(join(tmpdir(), "firedrill-smtp-"));
  const [keyFile, certFile] = [join(directory, "key"), join(directory, "cert")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", keyFile, "-out", certFile, ...subject],
    { stdio: "ignore" },
  );
  const [key, cert] = [readFileSync(keyFile), readFileSync(certFile, "utf8")];
  rmSync(directory, { recursive: true });
  const before = getCACertificates("default");
  const word = canary("word");
  const login: [string, string] = ["dr", word.secret];
  const channel = { user: "dr", password: secret("MAIL_PASSWORD", word.secret) };
  setDefaultCACertificates([...before, cert]);
  try {
    for (const tls of ["starttls", "implicit"]) {
      const server = await serve({ login, key, cert, secure: tls === "implicit" });
      const outcome = await tell(mailTo(server.port, { tls, ...channel }), ended).outcome;
      expect(outcome, tls).toEqual({ sent: 1, failed: 0, why: null });
      expect([server.mails.length, server.logins]).toEqual([1, ["dr"]]);
    }
  } finally {
    setDefaultCACertificates(before);
  }
});

test("a wrong password is tried once; neither result nor heartbeat repeats it", async () => {
  const word = canary("word");
  const server = await serve({ login: ["dr", "another"], hideSTARTTLS: true, allowInsecureAuth: true });
  const channel = mailTo(server.port, { ...plain, user: "dr", password: secret("MAIL_PASSWORD", word.secret) });
  const told = tell(channel, waiting());
  await expect.poll(() => told.beats.length).toBeGreaterThan(0);
  told.environment.cancel("CANCELLED", { cancelRequested: true } as never);
  const outcome = await told.outcome;
  expect(outcome).toEqual({ sent: 0, failed: 1, why: "the SMTP server answers with 535 (EAUTH)" });
  expect(server.logins).toEqual(["dr"]);
  expect(canariesIn([outcome, told.beats], [word])).toEqual([]);
});

test.each([
  ["a server whose certificate nobody knows", { tls: "implicit" }, { secure: true }],
  ["a server whose certificate nobody knows, after STARTTLS", {}, {}],
  ["a server without STARTTLS", {}, { hideSTARTTLS: true, disabledCommands: ["STARTTLS"] }],
])(
  "%s gets no password and no mail",
  async (_name, channel, options) => {
    const server = await serve({ login: ["dr", "word"], allowInsecureAuth: true, ...options });
    const login = { user: "dr", password: secret("MAIL_PASSWORD", "word") };
    const outcome = await tell(mailTo(server.port, { ...channel, ...login }), ended).outcome;
    expect(outcome).toMatchObject({ sent: 0, failed: 1, why: expect.stringMatching(/^the SMTP server/) as string });
    expect([server.logins, server.mails]).toEqual([[], []]);
  },
  40_000,
);
