import { expect, test } from "vitest";
import { redact } from "../src/redaction.ts";
import { resolveSecret } from "../src/secrets.ts";

test("a secret that was resolved never appears again", async () => {
  process.env.FIREDRILL_TEST_SECRET = "correct horse";
  expect(redact("before: correct horse")).toBe("before: correct horse");
  expect(await resolveSecret({ env: "FIREDRILL_TEST_SECRET" })).toBe("correct horse");
  expect(redact("after: correct horse, twice: correct horse")).toBe("after: ***, twice: ***");
});

test("passwords in connection strings are hidden without having been resolved", () => {
  expect(redact("cannot reach postgres://anna:pa55@host/db")).toBe("cannot reach postgres://anna:***@host/db");
});
