import { fail } from "../../failures.ts";
import type { CheckOf } from "../../plan/check-schema.ts";
import { resolveSecret } from "../../secrets.ts";
import { codeOf } from "../notify/trouble.ts";
import { type Around, comparingKind } from "./kind.ts";

type Alertmanager = CheckOf<"alertmanager">;

const timeoutMs = 10_000;

export const alertmanager = comparingKind<Alertmanager, string[]>({
  title: ({ url }) => `Alerts of ${url}`,
  before: firing,
  expected: (_check, before) =>
    before.length === 0 ? "no alert fires" : `no alert fires but those of before: ${before.join(", ")}`,
  async ask(check, before, around) {
    const now = await firing(check, around);
    const fresh = now.filter((alert) => !before.includes(alert));
    return {
      ok: fresh.length === 0,
      found: fresh.length === 0 ? "no other alert fires" : `firing: ${fresh.join(", ")}`,
    };
  },
});

/** Names, with the namespace where an alert has one; pods and nodes have other names after a rebuild. Alertmanager's API v2. */
async function firing({ url, token, except }: Alertmanager, { signal }: Around): Promise<string[]> {
  const address = new URL("api/v2/alerts", url.endsWith("/") ? url : `${url}/`);
  address.search = "active=true&silenced=false&inhibited=false";
  const headers = token === undefined ? {} : { authorization: `Bearer ${await resolveSecret(token)}` };
  const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const answer = await fetch(address, { headers, signal: ends }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw fail("SYSTEM_UNREACHABLE", `Alertmanager at ${url} cannot be reached (${codeOf(error)})`);
  });
  if (!answer.ok) throw fail("SYSTEM_UNREACHABLE", `Alertmanager at ${url} answers with status ${answer.status}`);
  const alerts = (await answer.json()) as { labels: Record<string, string> }[];
  const names = alerts.map(({ labels: { alertname = "?", namespace } }) => {
    return namespace === undefined ? alertname : `${alertname} (${namespace})`;
  });
  return [...new Set(names)].filter((name) => !except.includes(name.split(" ")[0]!)).toSorted();
}
