import { expect, test } from "vitest";
import { secretsIn } from "../../src/plan/secrets-in.ts";
import { twoComponents } from "../support/plans.ts";

test("every secret of a plan is found, wherever it stands, and nothing else", () => {
  const connection = (password: object) => ({ host: "db.lan", user: "dr", password });
  const plan = twoComponents({
    schedule: [{ on: "first saturday", at: "03:00", timezone: "Europe/Berlin" }],
    infrastructure: [
      { name: "net", kind: "tofu", directory: "/i", destroys: ["*"], environment: { TOKEN: { env: "INFRA" } } },
    ],
    freeze: [{ from: "2026-12-20", until: "2027-01-03", reason: "env: NOT_ONE" }],
    notify: [
      { kind: "slack", webhook: { env: "SLACK" } },
      { kind: "webhook", url: { env: "URL" }, secret: { file: "/run/key" } },
      { kind: "email", host: "smtp.lan", user: "u", password: { env: "SMTP" }, from: "a@b.c", to: ["d@e.f"] },
    ],
    components: [
      { name: "shop", kind: "pgdump", database: "shop", dumps: "/d", connection: connection({ env: "SHOP" }) },
      { name: "ledger", kind: "pgbackrest", stanza: "l", data: "/pg", connection: connection({ file: "/run/l" }) },
      { name: "open", kind: "pgdump", database: "open", dumps: "/o" },
    ],
  });
  expect(secretsIn(plan)).toEqual([
    { path: "notify.0.webhook", secret: { env: "SLACK" } },
    { path: "notify.1.url", secret: { env: "URL" } },
    { path: "notify.1.secret", secret: { file: "/run/key" } },
    { path: "notify.2.password", secret: { env: "SMTP" } },
    { path: "infrastructure.net.environment.TOKEN", secret: { env: "INFRA" } },
    { path: "components.shop.connection.password", secret: { env: "SHOP" } },
    { path: "components.ledger.connection.password", secret: { file: "/run/l" } },
  ]);
});
