import { ActivityFailure, isCancellation, TimeoutFailure, workflowInfo } from "@temporalio/workflow";
import type { Examination } from "../activities/doctor/index.ts";
import { describeFailure, fail, type FailureText } from "../failures.ts";
import { examine } from "./activities.ts";

/** What is asked; the caller may leave out both. */
export interface DoctorRequest {
  /** Name of a plan of the worker; only the host is looked at otherwise. */
  plan?: string;
  /** Task queues of hosts, as their workers' identities name them; whichever worker takes it otherwise. */
  hosts?: string[];
}

/** One host was asked. Times are the Temporal server's, milliseconds since 1970: before it was asked, and after. */
export interface Visit {
  host: string;
  from: number;
  until: number;
  examination: Examination | null;
  /** Why there is no examination. */
  failure: FailureText | null;
}

const most = 50;

/** Lets the workers look whether a run would go well on their hosts. It is no run: it changes nothing and leaves no record. */
export async function doctor(input: unknown): Promise<Visit[]> {
  const { plan, hosts } = check(input);
  return await Promise.all(hosts.map((host) => visit(host, plan)));
}

async function visit(host: string, plan: string | null): Promise<Visit> {
  const from = Date.now();
  const ended = (found: Pick<Visit, "examination" | "failure">) => ({ host, from, until: Date.now(), ...found });
  try {
    const options = { taskQueue: host, summary: `Look at ${host}` };
    return ended({ examination: await examine.executeWithOptions(options, [{ plan }]), failure: null });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return ended({ examination: null, failure: whyNot(error, host) });
  }
}

function whyNot(error: unknown, host: string): FailureText {
  if (!(error instanceof ActivityFailure && error.cause instanceof TimeoutFailure)) return describeFailure(error);
  return {
    type: "SYSTEM_UNREACHABLE",
    message: `the worker of ${host} does not answer, although it has asked for work a moment ago`,
    hint: "See whether it still runs, and read its log; was it killed, start it again.",
  };
}

/** @throws REQUEST_INVALID */
function check(input: unknown): { plan: string | null; hosts: string[] } {
  const { plan = null, hosts = [workflowInfo().taskQueue] } = (input ?? {}) as { plan?: unknown; hosts?: unknown };
  const named = (value: unknown): value is string => typeof value === "string" && value !== "" && value.length <= 500;
  if ((plan === null || named(plan)) && Array.isArray(hosts) && hosts.length <= most && hosts.every(named))
    return { plan, hosts };
  throw fail(
    "REQUEST_INVALID",
    "the input does not say what to look at",
    'The input is an object such as {"plan":"homelab"}.',
  );
}
