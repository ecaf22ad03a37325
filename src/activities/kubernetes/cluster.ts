import type { Connection } from "./connection.ts";
import type { KubernetesObject, Resource } from "./object.ts";
import type { Kind, Selection } from "./paths.ts";
import type { Patience } from "./request.ts";

/**
 * One API server. What it refuses is a failure: AUTHENTICATION_FAILED, PERMISSION_DENIED, API_REFUSED, and SYSTEM_UNREACHABLE
 * when patience is at its end.
 */
export interface Cluster {
  /** Address of the API server. */
  server: string;
  /** For what is no request with an answer: watches and exec. */
  connection: Connection;
  /** The same cluster, asked with another patience. */
  with: (patience: Patience) => Cluster;
  get: (kind: Kind, name: string, namespace?: string) => Promise<KubernetesObject | undefined>;
  /** All of them, page by page. */
  list: (kind: Kind, selection?: Selection) => Promise<Listed>;
  /** Makes the object; undefined where one of that name is there already. A request that was sent twice may find its own. */
  create: (object: KubernetesObject) => Promise<KubernetesObject | undefined>;
  /** Makes the object, or makes its fields what is said here, whoever else has set them (server-side apply). */
  apply: (object: KubernetesObject) => Promise<KubernetesObject>;
  mergePatch: (kind: Kind, name: string, namespace: string | undefined, patch: object) => Promise<KubernetesObject>;
  /** Asks for the removal of an object. Without a uid it may hit one that was made anew meanwhile. */
  remove: (kind: Kind, name: string, namespace: string | undefined, options?: Removal) => Promise<Removed>;
  /** Lets the API server decide whether a pod may go now. */
  evict: (pod: string, namespace: string, options: Removal) => Promise<Evicted>;
  /** What stands at a path, as text. */
  raw: (path: string, accept?: string) => Promise<string>;
  /** The last thousand lines, or as many as are asked for; at most a MiB. */
  logs: (namespace: string, pod: string, container: string, options?: LogOptions) => Promise<string>;
  /** A cluster is the same as long as this is. */
  identity: () => Promise<string>;
  /** How the API server serves a kind. @throws API_REFUSED with status 404 where it does not */
  resourceOf: (apiVersion: string, kind: string) => Promise<Resource>;
  close: () => Promise<void>;
}

export interface Listed {
  objects: KubernetesObject[];
  /** From which a watch goes on. */
  resourceVersion: string;
}

export interface Removal {
  gracePeriodSeconds?: number;
  /** Only the object that has this one. */
  uid?: string;
}

/** `removing`: it is still there, until its finalizers and its grace period are over. */
export type Removed = "removing" | "gone";

/** `heldBy`: a disruption budget, in the words of the API server. */
export type Evicted = Removed | { heldBy: string };

export interface LogOptions {
  /** Of the container's run before this one. */
  previous?: boolean;
  tailLines?: number;
}
