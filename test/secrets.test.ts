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

test.each(["f", "a.", "a://b", "a://b:c", "https://", "password='\\a", "password ", "a@", "://a:b@"])(
  "the time that a long text takes grows with its length, not with the square of it: %s",
  (piece) => {
    const startedAt = performance.now();
    redact(piece.repeat(300_000 / piece.length));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  },
);

test("each password of a line is hidden, whatever stands around it", () => {
  expect(redact('url="postgres://anna:pa:5/5@host/db",amqp://bob:x@y (http://host:80/@me) redis://:z@h')).toBe(
    'url="postgres://anna:***@host/db",amqp://bob:***@y (http://host:***@me) redis://:z@h',
  );
});
