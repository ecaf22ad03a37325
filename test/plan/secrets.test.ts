import { expect, test } from "vitest";
import { parsePlan } from "../../src/plan/load.ts";
import { formatProblems } from "../../src/plan/problems.ts";
import { plan } from "./broken-plans.ts";

const secret = "hunter2xyz";

const places = {
  text: `connection: { password: ${secret} }`,
  quoted: `connection: { password: "${secret}" }`,
  "block text": `connection:\n  password: |\n    ${secret}`,
  list: `connection: { password: [${secret}] }`,
  "list of maps": `connection: { password: [{ env: ${secret} }] }`,
  "key without a value": `connection: { password: { ${secret} } }`,
  "key with a value": `connection: { password: { ${secret}: x } }`,
  "key beside env": `connection: { password: { env: A, ${secret}: x } }`,
  "key twice": `connection: { password: { ${secret}: x, ${secret}: y } }`,
  "key twice beside an anchor": `connection: { user: &a b, password: { ${secret}: x, ${secret}: y } }`,
  "value of a misspelt key": `connection: { password: { evn: ${secret} } }`,
  "value of a misspelt password": `connection: { pasword: ${secret} }`,
  "value of env": `connection: { password: { env: "${secret}!" } }`,
  "value of file": `connection: { password: { file: ${secret} } }`,
  "deep below": `connection: { password: { env: { ${secret}: ${secret} } } }`,
  "text instead of a connection": `connection: postgres://me:${secret}@host/shop`,
  "port with a password": `connection: { port: "5432:${secret}" }`,
  alias: `connection: { password: *${secret} }`,
  anchor: `connection: { password: &${secret} x }`,
  tag: `connection: { password: !${secret} x }`,
  "second colon": `connection: \n  password: ${secret}: ${secret}`,
  "open quote": `connection: { password: "${secret} }`,
  "open brace": `connection: { password: { env: ${secret}`,
  escape: `connection: { password: "\\q${secret}" }`,
  "special character": `connection: { password: \`${secret} }`,
  "block header": `connection:\n  password: |${secret}\n    x`,
  "after a value": `connection:\n  password: "a" ${secret}`,
  "connection string as host": `connection: { host: "postgres://me:${secret}@host/shop" }`,
  "user and password before the host": `connection: { host: "me:${secret}@host" }`,
  "key words as host": `connection: { host: "host=db password=${secret}" }`,
  "password behind the user": `connection: { user: "me:${secret}" }`,
  "connection string as maintenance database": `maintenanceDatabase: "postgres://me:${secret}@host/shop"`,
  "password beside the connection": `password: ${secret}`,
  "variable of libpq": `connection: { PGPASSWORD: ${secret} }`,
  "tls mode": `connection: { tls: ${secret} }`,
};

test.each(Object.entries(places))("a secret is never repeated: %s", (_, inside) => {
  const { problems } = parsePlan(plan(inside), "plan.yaml");
  expect(problems).not.toEqual([]);
  expect(formatProblems(problems)).not.toContain(secret);
  expect(formatProblems(problems)).not.toContain("xyz");
});

test("a numeric password is not repeated in the hint to quote it", () => {
  for (const inside of ["password: 987654", "password: { env: 987654 }", "password: { file: 987654 }"]) {
    const { problems } = parsePlan(plan(`connection: { ${inside} }`), "plan.yaml");
    expect(problems).toHaveLength(1);
    expect(formatProblems(problems)).not.toContain("987654");
  }
});

test("the hint says how to write a reference", () => {
  const [problem] = parsePlan(plan(`connection: { password: ${secret} }`), "plan.yaml").problems;
  expect(problem).toMatchObject({
    path: "components[0].connection.password",
    message: "must be a reference to a secret, never the secret itself",
    hint: expect.stringContaining("{ env: SHOP_PASSWORD }") as string,
  });
});
