import { readFile } from "node:fs/promises";
import { Agent, type RequestOptions, request } from "node:https";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";

/** What the lab's stand-ins read of an object. */
export interface KubernetesObject {
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    generation?: number;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

/** The part of the Kubernetes API that the lab's stand-ins need; small, so that three of them start in no time. */
export interface Api {
  /** @returns undefined where there is no such thing. @throws what else the API server does not like */
  call: <T>(method: string, path: string, body?: object) => Promise<T | undefined>;
  /** Every object that is there, was changed or is gone: for ever, whatever becomes of the API server. */
  follow: <T extends KubernetesObject>(path: string) => AsyncGenerator<Seen<T>, never>;
}

export interface Seen<T> {
  object: T;
  gone: boolean;
}

interface Kubeconfig {
  clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
  users: [{ user: { "client-certificate-data": string; "client-key-data": string } }];
}

export async function connect(kubeconfig: string): Promise<Api> {
  const { clusters, users } = parse(await readFile(kubeconfig, "utf8")) as Kubeconfig;
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const bytes = (text: string) => Buffer.from(text, "base64");
  const agent = new Agent({
    keepAlive: true,
    ca: bytes(cluster["certificate-authority-data"]),
    cert: bytes(user["client-certificate-data"]),
    key: bytes(user["client-key-data"]),
  });
  const open = async (method: string, path: string, body?: object) =>
    await send(cluster.server, agent, method, path, body);
  const call = async <T>(method: string, path: string, body?: object) => {
    const { status, stream } = await open(method, path, body);
    const text = (await stream.toArray()).join("");
    if (status === 404) return undefined;
    if (status >= 300) throw new Error((JSON.parse(text) as { message: string }).message);
    return JSON.parse(text) as T;
  };
  return { call, follow: (path) => follow(path, call, open) };
}

type Open = (method: string, path: string) => ReturnType<typeof send>;

async function send(server: string, agent: Agent, method: string, path: string, body?: object) {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const options: RequestOptions = { agent, method, headers: { "content-type": type } };
  return await new Promise<{ status: number; stream: NodeJS.ReadableStream & { toArray: () => Promise<unknown[]> } }>(
    (resolve, reject) => {
      const sent = request(new URL(path, server), options, (stream) => {
        stream.setEncoding("utf8");
        resolve({ status: stream.statusCode ?? 0, stream });
      });
      sent.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
    },
  );
}

/** Lists, then watches until the connection ends or is refused; and again. What is gone meanwhile is missing in the next list. */
async function* follow<T extends KubernetesObject>(
  path: string,
  call: Api["call"],
  open: Open,
): AsyncGenerator<Seen<T>, never> {
  const known = new Map<string, T>();
  for (; ; await sleep(250)) {
    try {
      const list = await call<{ items: T[]; metadata: { resourceVersion: string } }>("GET", path);
      // A kind that is not defined yet.
      if (list === undefined) continue;
      const present = new Map(list.items.map((object) => [object.metadata.uid, object]));
      for (const [uid, object] of known) {
        if (present.has(uid)) continue;
        known.delete(uid);
        yield { object, gone: true };
      }
      for (const [uid, object] of present) {
        known.set(uid, object);
        yield { object, gone: false };
      }
      const { status, stream } = await open("GET", `${path}?watch=1&resourceVersion=${list.metadata.resourceVersion}`);
      if (status !== 200) continue;
      for await (const line of createInterface({ input: stream })) {
        const { type, object } = JSON.parse(line) as { type: string; object: T };
        if (type === "ERROR") break;
        const gone = type === "DELETED";
        if (gone) known.delete(object.metadata.uid);
        else known.set(object.metadata.uid, object);
        yield { object, gone };
      }
    } catch (error) {
      console.error(`${path}: ${String(error)}`);
    }
  }
}
