import { Session } from "node:inspector/promises";

/**
 * MiB that the JavaScript heaps of this process hold after their garbage was collected, in all of its threads: workflows
 * run in one of their own, which `gc()` does not reach. By the inspector's domain NodeWorker:
 * https://nodejs.org/api/inspector.html
 */
export async function heapsInUse(): Promise<number> {
  const session = new Session();
  session.connect();
  const threads: Promise<number>[] = [];
  session.on("NodeWorker.attachedToWorker", ({ params }) => threads.push(usedBy(session, params.sessionId)));
  await session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  await session.post("HeapProfiler.collectGarbage");
  if (threads.length === 0) throw new Error("no thread is attached: workflows have one of their own");
  const others = await Promise.all(threads);
  session.disconnect();
  return [process.memoryUsage().heapUsed, ...others].reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20;
}

/** Bytes of another thread. */
async function usedBy(session: Session, sessionId: string): Promise<number> {
  const answer = Promise.withResolvers<number>();
  session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
    if (params.sessionId !== sessionId) return;
    const { id, result } = JSON.parse(params.message) as { id: number; result: { usedSize: number } };
    if (id === 2) answer.resolve(result.usedSize);
  });
  for (const [id, method] of [
    [1, "HeapProfiler.collectGarbage"],
    [2, "Runtime.getHeapUsage"],
  ] as const)
    await session.post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify({ id, method }) });
  return await answer.promise;
}
