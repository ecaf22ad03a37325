import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkPlain } from "../../../src/activities/pgdump/plain.ts";

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "plain-"))));
afterAll(() => rm(directory, { recursive: true }));

const trailer = "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n";
const copy = "COPY public.t (a) FROM stdin;\n\\\\connect is data here\n\\connect other\n\\.\n";

async function check(name: string, content: Buffer | string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return checkPlain(path).then(
    () => "good",
    (error: Error) => error.message,
  );
}

test("a whole dump is good, compressed or not", async () => {
  expect(await check("a.sql", copy + trailer)).toBe("good");
  expect(await check("a.sql.gz", gzipSync(copy + trailer))).toBe("good");
});
test("without pg_dump's last line it is not complete", async () => {
  expect(await check("b.sql", copy)).toMatch(/is not complete/);
  expect(await check("empty.sql", "")).toMatch(/is not complete/);
});
test("a compressed dump that was cut cannot be read to its end", async () => {
  const whole = gzipSync(copy.repeat(1000) + trailer);
  expect(await check("c.sql.gz", whole.subarray(0, whole.length - 9))).toMatch(/cannot be read to its end/);
  expect(await check("d.sql.gz", "not gzip at all")).toMatch(/cannot be read to its end/);
});
test("a dump that changes to another database is not loaded into this one", async () => {
  expect(await check("e.sql", `\\connect other\n${trailer}`)).toMatch(/changes to another database/);
});
test("a file that is gone is said to be gone", async () => {
  expect(await checkPlain(join(directory, "nothing.sql")).catch((error: Error) => error.message)).toMatch(/ENOENT/);
});
