import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellWord, visible, visibleJson } from "../../src/report/safe-text.ts";

const hostile = "a\u001b[2J\u0007\r\u007f\u009b31m\u202eb\u2066c\td\ne";

test("control characters and overrides of the direction go, tab and line feed stay", () => {
  expect(visible(hostile)).toBe("a[2J31mbc\td\ne");
});

test("within a value every text is cleaned, keys too, and nothing else is changed", () => {
  const value = { [`k${hostile}`]: [hostile, 1, null, true, { x: "é\u0301 🚨" }] };
  expect(visible(value)).toEqual({ [`k${visible(hostile)}`]: [visible(hostile), 1, null, true, { x: "é\u0301 🚨" }] });
});

test("JSON shows none of them and still means the same", () => {
  const text = visibleJson({ by: hostile });
  expect(visible(text)).toBe(text);
  expect(JSON.parse(text)).toEqual({ by: hostile });
});

test("a word that a shell would understand differently is quoted", () => {
  expect(shellWord("exercise-shop_1.2")).toBe("exercise-shop_1.2");
  for (const word of ["a b", "$(id)", "`id`", "a;b", "it's", "a'$(id)'b", "x\\", ""])
    expect(execFileSync("sh", ["-c", `printf %s ${shellWord(word)}`], { encoding: "utf8" })).toBe(word);
  expect(shellWord("a\u001b[2J\nb")).toBe("'a[2J b'");
});
