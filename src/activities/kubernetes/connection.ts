import { createHash } from "node:crypto";
import type { ClientRequestArgs } from "node:http";
import type { AgentOptions, RequestOptions } from "node:https";
import { type Cluster as KubeCluster, KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher, request } from "undici";
import { parse } from "yaml";
import { fail } from "../../failures.ts";
import { rememberSecret } from "../../redaction.ts";
import { lastWords, programMissing } from "../exec.ts";

/** How one API server is reached, and as whom. Connections are kept and used again. */
export interface Connection {
  /** Address of the API server, for messages. */
  server: string;
  send: (request: Sent) => Promise<Dispatcher.ResponseData>;
  /** What a WebSocket needs: agent and headers. */
  socketOptions: () => Promise<ClientRequestArgs>;
  /** Forgets tokens: the next request asks the plugin, or reads the file, again. */
  renew: () => void;
  close: () => Promise<void>;
}

export interface Sent {
  method?: Dispatcher.HttpMethod;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

/** @param context that of the kubeconfig, where none is named @throws AUTHENTICATION_FAILED where it cannot be used */
export function connect(kubeconfig: string, context?: string): Connection {
  let config = load(kubeconfig, context);
  const { server } = config.getCurrentCluster()!;
  const pools = new Map<string, Dispatcher>();
  const options = async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options).catch((error: unknown) => {
      throw noCredentials(error);
    });
    const headers = (options.headers ?? {}) as Record<string, string>;
    if (typeof options.auth === "string")
      headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
    for (const [name, value] of Object.entries(headers)) {
      // A token from a file ends with a line break.
      headers[name] = value.trim();
      if (name.toLowerCase() === "authorization") rememberSecret(value.trim().replace(/^\w+ /, ""));
    }
    return { ...options, headers };
  };
  return {
    server,
    async send({ method = "GET", path, headers, body, signal }) {
      const { headers: identity, ...tls } = await unlessAborted(options(), signal);
      return await request(server.replace(/\/$/, "") + path, {
        method,
        headers: { "user-agent": "firedrill", accept: "application/json", ...headers, ...identity },
        body: body ?? null,
        signal,
        dispatcher: poolFor(pools, config, tls),
        // The signal ends what takes too long; a watch may be quiet for as long as it likes.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
    },
    socketOptions: options,
    renew: () => void (config = load(kubeconfig, context)),
    close: async () => void (await Promise.all([...pools.values()].map((pool) => pool.destroy()))),
  };
}

/** A plugin that gives credentials may hang, and knows no signal. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Its parser's errors quote the text, keys and tokens included; so they are not repeated. */
function load(kubeconfig: string, context: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(kubeconfig);
    readTokenFiles(config, parse(kubeconfig) as RawConfig);
  } catch {
    throw unusable("the kubeconfig is not one");
  }
  if (context !== undefined) config.setCurrentContext(context);
  const name = config.getCurrentContext() ?? "";
  if (config.getContextObject(name) === null) throw unusable(`the kubeconfig has no context "${name}"`);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw unusable(`the kubeconfig has no cluster for the context ${name}`);
  if (!URL.canParse(cluster.server) || (!cluster.server.startsWith("https://") && !cluster.skipTLSVerify))
    throw unusable(`the server of the context ${name} is no https address`);
  // Without a user the client would also pass over the cluster's CA.
  const user = config.getCurrentUser();
  if (user === null) throw unusable(`the kubeconfig has no user for the context ${name}`);
  for (const secret of [user.token, user.password, user.keyData]) if (secret) rememberSecret(secret);
  return config;
}

interface RawConfig {
  users?: { name: string; user?: { tokenFile?: string } }[];
}

/** The client does not know `tokenFile`, but has a way to read a token from a file again and again. */
function readTokenFiles(config: KubeConfig, { users = [] }: RawConfig): void {
  const files = new Map(users.map(({ name, user }) => [name, user?.tokenFile]));
  config.users = config.users.map((user) => {
    const tokenFile = files.get(user.name);
    return tokenFile === undefined ? user : { ...user, authProvider: { name: "tokenFile", config: { tokenFile } } };
  });
}

/** What gives the credentials has failed: a plugin of the kubeconfig, or a file that it names. */
function noCredentials(error: unknown) {
  const { code, path, message } = error as NodeJS.ErrnoException;
  const plugin = code === "ENOENT" && (error as NodeJS.ErrnoException).syscall?.startsWith("spawn");
  if (plugin === true) return programMissing(path ?? "that the kubeconfig names");
  return fail(
    "AUTHENTICATION_FAILED",
    `the kubeconfig gives no credentials: ${lastWords(message)}`,
    "Run its plugin or look at its files as the worker's user (is a login needed?); then retry.",
  );
}

function unusable(message: string) {
  return fail("AUTHENTICATION_FAILED", message, "Correct the kubeconfig, or the `context` in the plan; then retry.");
}

/**
 * The client would open a connection for every request. They are kept here, apart for each set of certificates.
 * HTTP/1.1, because a broken connection of HTTP/2 would go on to be used by all that follows.
 */
function poolFor(pools: Map<string, Dispatcher>, config: KubeConfig, options: RequestOptions): Dispatcher {
  const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options;
  const given = Object.entries({ ca, cert, key, passphrase, rejectUnauthorized, servername });
  const tls: AgentOptions = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const identity = createHash("sha256").update(JSON.stringify(tls)).digest("hex");
  const known = pools.get(identity);
  if (known !== undefined) return known;
  const cluster = config.getCurrentCluster();
  const how = config.createDispatcherOptions(cluster, tls);
  const pool =
    how.type === "agent" || how.type === "none"
      ? new Agent({ allowH2: false, connect: how.type === "agent" ? how.connect : {} })
      : proxied(config, cluster, tls);
  pools.set(identity, pool);
  return pool;
}

/** The client knows the proxies of a kubeconfig, but shows only to itself how it reaches them. */
function proxied(config: KubeConfig, cluster: KubeCluster | null, tls: AgentOptions): Dispatcher {
  const open = config as unknown as { createDispatcher: (of: KubeCluster | null, tls: AgentOptions) => Dispatcher };
  return open.createDispatcher(cluster, tls);
}
