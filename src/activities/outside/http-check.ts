import { request } from "node:http";
import { request as requestTls } from "node:https";
import type { HttpCheck } from "../../plan/cluster-parts.ts";

/** Longer than this nobody waits for a page. */
const longestMs = 5_000;
const mostBytes = 1024 * 1024;

/** Asks once; what keeps it from an answer is an answer too. Not by `fetch`, which lets nobody say who the Host is. */
export async function askHttp(
  check: HttpCheck,
  signal: AbortSignal,
  timeoutMs = longestMs,
): Promise<{ ok: boolean; found: string }> {
  try {
    const { status, text } = await get(check, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    if (status !== check.status) return { ok: false, found: `status ${status}` };
    const lacks = check.contains !== undefined && !text.includes(check.contains);
    return { ok: !lacks, found: `status ${status}${lacks ? ", without the text that it should contain" : ""}` };
  } catch (error) {
    const { code, name } = error as { code?: string; name?: string };
    return {
      ok: false,
      found: name === "AbortError" ? `no answer within ${timeoutMs / 1_000} s` : `no answer (${code ?? name})`,
    };
  }
}

async function get({ url, host }: HttpCheck, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const send = url.startsWith("https:") ? requestTls : request;
  return await new Promise((resolve, reject) => {
    const headers = { "user-agent": "firedrill", ...(host !== undefined && { host }) };
    // A connection of its own each time: one that is kept would hide that nobody listens any more.
    const question = send(
      url,
      { headers, signal, agent: false, ...(host !== undefined && { servername: host }) },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (piece: string) => {
          if (text.length < mostBytes) text += piece;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on("error", reject);
      },
    );
    question.on("error", reject);
    question.end();
  });
}
