import { afterEach, expect, test } from "vitest";
import { readTree } from "../../../src/activities/workload/tree.ts";
import { describeFailure } from "../../../src/failures.ts";
import { type FakeExec, frame, startFakeExec, success } from "../../support/fake-exec.ts";

/** A list of files that arrives only in part must not look like a smaller directory. */

let pods: FakeExec | undefined;
afterEach(async () => await pods?.stop());

const sum = "a".repeat(64);
const [one, two, last] = [`${sum}  /data/one\n`, `${sum}  /data/deep/two\n`, `${sum}  /dev/null\n`];

async function read(...pieces: string[]) {
  pods = await startFakeExec((socket) => {
    for (const piece of pieces) socket.send(frame(1, piece));
    socket.send(success);
  });
  const where = { namespace: "shop", directory: "/data", place: { pod: "p", container: "c" }, timeoutMs: 5_000 };
  return await readTree(pods as never, where as never, new AbortController().signal).catch(describeFailure);
}

test("all files of a directory, in whatever pieces they come", async () => {
  expect(await read(one.slice(0, 20), one.slice(20), two + last)).toEqual({ one: sum, "deep/two": sum });
  expect(await read(last)).toEqual({});
});

test.each([
  ["before its last line", [one, two]],
  ["in the middle of its last line", [one, two, last.slice(0, 70)]],
  ["before anything came", []],
])("a list that ends %s is refused", async (_, pieces) => {
  expect(await read(...pieces)).toMatchObject({
    type: "PROGRAM_FAILED",
    message: expect.stringContaining("was cut short") as string,
  });
});
