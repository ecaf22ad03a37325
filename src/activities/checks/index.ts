import type { Check } from "../../plan/check-schema.ts";
import { describeFailure } from "../../failures.ts";
import { redact } from "../../redaction.ts";
import { rest } from "../rest.ts";
import { alertmanager } from "./alertmanager.ts";
import { certificate } from "./certificate.ts";
import { exec } from "./exec.ts";
import { http } from "./http.ts";
import { ingress } from "./ingress.ts";
import type { Answer, Around, CheckKind } from "./kind.ts";
import { sql } from "./sql.ts";

/** Kind → what it does; a kind of the plan without an entry does not compile. */
const kinds: { [K in Check["kind"]]: CheckKind<Extract<Check, { kind: K }>> } = {
  http,
  sql,
  exec,
  certificate,
  ingress,
  alertmanager,
};

const kindOf = (check: Check) => kinds[check.kind] as CheckKind<Check>;

/** A check with what it will be compared with. */
export interface Noted {
  check: Check;
  /** Unique among the checks of a plan. */
  name: string;
  before: unknown;
  /** Why there is nothing to compare with, null where there is. */
  trouble: string | null;
}

/** What a check found, as a report shows it. */
export interface Asked extends Answer {
  name: string;
  expected: string;
}

const everyMs = 2_000;

/** Notes what the checks will be compared with. */
export async function noteBefore(checks: Check[], around: Around): Promise<Noted[]> {
  const titles = checks.map((check) => kindOf(check).title(check));
  return await Promise.all(
    checks.map(async (check, index): Promise<Noted> => {
      const isTwice = titles.indexOf(titles[index]!) !== index;
      const name = isTwice ? `${titles[index]} (${index + 1})` : titles[index]!;
      try {
        return { check, name, before: await kindOf(check).before(check, around), trouble: null };
      } catch (error) {
        return { check, name, before: null, trouble: reasonOf(error, around) };
      }
    }),
  );
}

/** Asks each once; what keeps one from an answer is an answer too. */
export async function askOnce(noted: Noted[], around: Around): Promise<Asked[]> {
  return await Promise.all(noted.map(async (one) => await ask(one, around)));
}

/** Asks each again and again until it passes, for as long as the plan gives it. */
export async function askPatiently(noted: Noted[], around: Around, tell: (text: string) => void): Promise<Asked[]> {
  const startedAt = performance.now();
  let missing = noted.length;
  return await Promise.all(
    noted.map(async (one) => {
      for (;;) {
        const asked = await ask(one, around);
        const isOver = performance.now() - startedAt > one.check.within;
        if (asked.ok || isOver) {
          missing -= 1;
          return asked;
        }
        tell(`${noted.length - missing} of ${noted.length} checks are made; ${one.name}: ${asked.found}`);
        await rest(everyMs, around.signal);
      }
    }),
  );
}

async function ask({ check, name, before, trouble }: Noted, around: Around): Promise<Asked> {
  const kind = kindOf(check);
  if (trouble !== null) return { name, ok: false, found: `cannot be compared with before: ${trouble}`, expected: "" };
  const expected = kind.expected(check, before);
  try {
    return { name, expected, ...(await kind.ask(check, before, around)) };
  } catch (error) {
    return { name, expected, ok: false, found: reasonOf(error, around) };
  }
}

/** @throws the signal's reason, where that is why */
function reasonOf(error: unknown, { signal }: Around): string {
  signal.throwIfAborted();
  return redact(describeFailure(error).message);
}
