import { MockActivityEnvironment } from "@temporalio/testing";
import { notify } from "../../src/activities/notify/index.ts";
import type { Config } from "../../src/config.ts";
import { Channel } from "../../src/plan/notify-schema.ts";
import type { NoticeFacts } from "../../src/report/notices.ts";

/** Notices outside of a workflow. */

const run: NoticeFacts["run"] = {
  workflowId: "drill/1",
  runId: "0199f3a2-5c1e-7d44-9a30-5a8f0f8f2b11",
  type: "exercise",
  scenario: "database",
  toTime: null,
  by: "anna",
  reason: "monthly drill",
};

export const begun: NoticeFacts = {
  event: "start",
  at: "2026-11-21T03:00:00.000Z",
  plan: "homelab",
  run,
  status: "running",
  verdict: null,
  summary: "",
  rto: { seconds: null, objectiveSeconds: 900 },
  rpo: { seconds: null, objectiveSeconds: null },
  waiting: null,
};

export const ended: NoticeFacts = {
  ...begun,
  event: "end",
  status: "done",
  verdict: "FAIL",
  summary: "shop: destroyed and restored, but the RTO was missed.",
  rto: { seconds: 72.4, objectiveSeconds: 60 },
  rpo: { seconds: 7.7, objectiveSeconds: null },
};

export const waiting = (more: Partial<NoticeFacts> = {}): NoticeFacts => ({
  ...begun,
  at: new Date().toISOString(),
  event: "waiting",
  status: "waiting",
  waiting: { step: "restore/shop", why: "DISK_FULL: no space left on /data", hint: "Make room; then retry." },
  ...more,
});

const ui = "http://temporal.lan:8080/";

/** A variable of the environment for a secret, as a plan names it. */
export function secret(name: string, value: string): { env: string } {
  process.env[name] = value;
  return { env: name };
}

/** The activity as a worker runs it; `cancel` is what a decision of a person does. */
export function tell(
  channel: object,
  facts: NoticeFacts,
  { config = { ui }, heartbeatDetails }: { config?: { ui?: string }; heartbeatDetails?: unknown } = {},
) {
  const environment = new MockActivityEnvironment({ attempt: 1, heartbeatDetails });
  const beats: unknown[] = [];
  environment.on("heartbeat", (details: unknown) => beats.push(structuredClone(details)));
  const outcome = environment.run((input: Parameters<typeof notify>[1]) => notify(config as Config, input), {
    channel: Channel.parse(channel),
    facts,
  });
  return { outcome, beats, environment };
}
