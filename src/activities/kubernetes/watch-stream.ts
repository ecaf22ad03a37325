import type { Readable } from "node:stream";
import type { Cluster } from "./cluster.ts";
import type { KubernetesObject } from "./object.ts";
import { type Kind, listPath, type Selection, withQuery } from "./paths.ts";
import { refused } from "./refusal.ts";
import { failureOf } from "./request.ts";

/** What comes out of one watch request: its beginning, events, and at last how it ended. Missing credentials are thrown. */
export type WatchItem =
  | { type: "open" }
  | { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: KubernetesObject }
  /** `quiet`: nothing came for so long that the connection may be dead. `expired`: the server has forgotten this version. */
  | { type: "end"; how: "clean" | "quiet" | "expired"; failure?: never }
  | { type: "end"; how: "failed"; failure: Error };

export interface WatchLimits {
  /** The server ends the watch by itself after this. */
  lengthMs: number;
  /** Longer than the server's time between bookmarks, which is a minute. */
  quietMs: number;
  /** Until the answer begins. */
  connectMs: number;
}

/** One watch request, from a version of the list on, until it ends in whatever way. */
export async function* watchOnce(
  cluster: Cluster,
  kind: Kind,
  { namespace, ...selectors }: Selection,
  resourceVersion: string,
  limits: WatchLimits,
  signal: AbortSignal,
): AsyncGenerator<WatchItem, void, void> {
  const dead = new AbortController();
  let timer = setTimeout(() => dead.abort(new DOMException("no answer in time", "TimeoutError")), limits.connectMs);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dead.abort(tooQuiet), limits.quietMs);
  };
  const settings = { resourceVersion, watch: true, allowWatchBookmarks: true };
  const timeoutSeconds = Math.ceil((limits.lengthMs * (1 + Math.random() / 4)) / 1000);
  const path = withQuery(listPath(kind, namespace), { ...selectors, ...settings, timeoutSeconds });
  try {
    const response = await cluster.connection.send({ path, signal: AbortSignal.any([signal, dead.signal]) });
    const { statusCode: status, body } = response;
    if (status !== 200) {
      const failure = refused(cluster.server, { status, text: await body.text(), retryAfterMs: 0 });
      yield status === 410 ? { type: "end", how: "expired" } : { type: "end", how: "failed", failure };
      return;
    }
    alive();
    yield { type: "open" };
    for await (const line of lines(body, alive)) {
      const event = JSON.parse(line) as
        | Exclude<WatchItem, { type: "open" | "end" }>
        | { type: "ERROR"; object: { code?: number } };
      if (event.type === "ERROR") {
        yield { type: "end", how: "expired" };
        return;
      }
      yield event;
    }
    yield { type: "end", how: "clean" };
  } catch (error) {
    if (signal.aborted) return;
    if (dead.signal.reason === tooQuiet) yield { type: "end", how: "quiet" };
    else yield { type: "end", how: "failed", failure: failureOf(cluster.connection, error) };
  } finally {
    clearTimeout(timer);
    dead.abort(tooQuiet);
  }
}

const tooQuiet = new Error("nothing came for too long");

/** Lines of JSON, which may be long and come in many pieces. */
async function* lines(body: Readable, alive: () => void): AsyncGenerator<string, void, void> {
  let pieces: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    alive();
    let begin = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, begin)) {
      pieces.push(chunk.subarray(begin, end));
      const line = Buffer.concat(pieces).toString("utf8");
      pieces = [];
      begin = end + 1;
      if (line.trim() !== "") yield line;
    }
    pieces.push(chunk.subarray(begin));
  }
}
