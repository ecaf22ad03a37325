import { expect, test } from "vitest";
import { parsePlan } from "../../src/plan/load.ts";
import { comparePlans } from "../../src/plan/reload.ts";
import { twoComponents } from "../support/plans.ts";

const canary = "T0/B0/cAnAry5e5e";
const parse = (notify: string) =>
  parsePlan(
    `name: shop\nnotify: [${notify}]\ncomponents: [{ name: shop, kind: pgdump, database: shop, dumps: /d }]\n`,
    "shop.yaml",
  );
const email = "kind: email, host: smtp.lan, from: a@x.org, to: [b@x.org]";

test("an entry needs little: all is told, and every four hours again", () => {
  const { plan } = parse(`{ kind: slack, webhook: { env: HOOK } }, { ${email} }`);
  const usual = { on: ["start", "waiting", "end"], reminders: 4 * 3_600_000 };
  expect(plan?.notify).toEqual([
    { kind: "slack", webhook: { env: "HOOK" }, ...usual },
    {
      kind: "email",
      host: "smtp.lan",
      port: 587,
      tls: "starttls",
      from: "a@x.org",
      to: ["b@x.org"],
      ...usual,
    },
  ]);
});

test.each([
  ["an address in the plan", `{ kind: slack, webhook: "https://hooks.slack.com/${canary}" }`, "notify[0].webhook"],
  ["a key in the plan", `{ kind: webhook, url: { env: U }, secret: ${canary} }`, "notify[0].secret"],
  ["a password in the plan", `{ ${email}, user: u, password: ${canary} }`, "notify[0].password"],
  ["a password in the host", `{ ${email.replace("smtp.lan", `"u:${canary}@smtp"`)} }`, "notify[0].host"],
  ["a user without a password", `{ ${email}, user: u }`, "notify[0].user"],
  ["a password without a user", `{ ${email}, password: { env: P } }`, "notify[0].password"],
  ["reminders all the time", "{ kind: slack, webhook: { env: U }, reminders: 10ms }", "notify[0].reminders"],
  ["a moment that there is not", "{ kind: slack, webhook: { env: U }, on: [begin] }", "notify[0].on[0]"],
  ["another service", "{ kind: pager, webhook: { env: U } }", "notify[0].kind"],
  ["nobody", "", "notify"],
])("%s is refused, at its place and without being repeated", (_name, notify, path) => {
  const { problems } = parse(notify);
  expect(problems.map((problem) => problem.path)).toEqual([path]);
  expect(JSON.stringify(problems)).not.toContain(canary);
});

test.each([
  "kind: slack, webhook: ",
  "kind: discord, webhook: ",
  "kind: webhook, url: ",
  "kind: webhook, url: { env: U }, secret: ",
])("what stands in place of a reference is taken for the secret: %s", (beginning) => {
  const { problems } = parse(`{ ${beginning}{ ${canary}: x } }`);
  expect(problems.map(({ message }) => message)).toEqual(["must be a reference to a secret, never the secret itself"]);
  expect(JSON.stringify(problems)).not.toContain(canary);
});

test("what is missing is shown with an example", () => {
  expect(parse("{ kind: discord }").problems.map(({ hint }) => hint)).toEqual([
    expect.stringMatching(/^Add `webhook: \{ env: DISCORD_WEBHOOK \}`/),
  ]);
});

test("whom a run tells may be changed while it goes on", () => {
  const changed = twoComponents({ notify: [{ kind: "slack", webhook: { env: "HOOK" } }] });
  const found = comparePlans(twoComponents(), changed, ["shop"], new Set(["shop"]));
  expect(found).toEqual({ changed: ["notify"], forbidden: [] });
});
