import type { Client } from "@temporalio/client";
import { expect, test } from "vitest";
import { reportFailure } from "../../src/cli/failure.ts";
import { followRun } from "../../src/cli/live.ts";
import { leftUnanswered } from "../../src/cli/outcome.ts";

test("Ctrl-C before the first answer says farewell, and is no failure", async () => {
  const away = () => Promise.reject(Object.assign(new Error("14 UNAVAILABLE"), { code: 14 }));
  const client = {
    workflow: { getHandle: (workflowId: string) => ({ workflowId, query: away, describe: away }) },
    withDeadline: (_: number, ask: () => Promise<unknown>) => ask(),
  } as unknown as Client;
  let said = "";
  const out = { isTTY: false, write: (text: string) => (said += text) } as unknown as NodeJS.WriteStream;
  const before = process.listeners("SIGINT");
  const following = followRun({ client, workflowId: "drill $(1)", out });
  // A signal would reach the test runner too.
  await expect.poll(() => process.listeners("SIGINT").length).toBe(before.length + 1);
  process.listeners("SIGINT").find((listener) => !before.includes(listener))!("SIGINT");
  await expect(following).rejects.toBe(leftUnanswered);
  expect(said).toContain("You have left the view; the run goes on.");
  expect(said).toContain("status 'drill $(1)' --watch");
  expect(await reportFailure(leftUnanswered)).toBe(130);
});
