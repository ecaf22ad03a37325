import { createHash } from "node:crypto";
import type { KubernetesObject } from "../kubernetes/object.ts";

/**
 * What of an object matters, so that it can be compared with the one that comes back: every value that a person or a program
 * has written, and none that the cluster itself makes up anew. Values are kept as digests: a Secret's never leaves the cluster.
 */
export type Digest = Record<string, string>;

/** Written anew by the API server or a controller for each object. */
const madeAnew = [
  /^status(\.|$)/,
  /^metadata\.(?!(labels|annotations)(\.|$))/,
  /(^|\.)metadata\.annotations\.(kubectl\.kubernetes\.io|deployment\.kubernetes\.io|reconcile\.fluxcd\.io|argocd\.argoproj\.io|pv\.kubernetes\.io|volume\.(beta\.)?kubernetes\.io|control-plane\.alpha\.kubernetes\.io|cloud\.google\.com|openshift\.io|(field\.)?cattle\.io)\//,
  /^(metadata|spec\.selector\.matchLabels|spec\.template\.metadata|spec\.selector)\.?(labels\.)?(batch\.kubernetes\.io\/)?(controller-uid|job-name)$/,
];

const madeAnewByKind: Record<string, RegExp[]> = {
  Service: [/^spec\.(clusterIPs?|healthCheckNodePort)\b/, /^spec\.ports\.\d+\.nodePort$/],
  PersistentVolumeClaim: [/^spec\.volumeName$/],
  ServiceAccount: [/^secrets\./],
  Pod: [/^spec\.nodeName$/, /^spec\.(volumes|containers|initContainers)\..*kube-api-access/],
};

/** What else of an object is made anew. */
export interface Volatile {
  /** Its values, such as a certificate's: only the names of its keys count. */
  generated: boolean;
  /** An autoscaler decides how many replicas there are. */
  scaled: boolean;
}

/** @param salt of this run alone: nobody can guess a short value from its digest */
export function digestOf(object: KubernetesObject, salt: string, { generated, scaled }: Volatile): Digest {
  const leaves: Digest = {};
  const without = [...madeAnew, ...(madeAnewByKind[object.kind] ?? []), ...(scaled ? [/^spec\.replicas$/] : [])];
  const walk = (value: unknown, path: string) => {
    if (without.some((one) => one.test(path))) return;
    if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
      for (const [key, inside] of Object.entries(value)) walk(inside, path === "" ? key : `${path}.${key}`);
      return;
    }
    const hidden = generated && /^(data|stringData|binaryData|metadata\.annotations)\./.test(path);
    const text = hidden ? "" : JSON.stringify(value);
    leaves[path] = createHash("sha256").update(`${salt}\0${path}\0${text}`).digest("base64url").slice(0, 16);
  };
  const { apiVersion: _version, kind: _kind, ...rest } = object;
  walk(rest, "");
  return leaves;
}

/** Paths at which two digests differ; empty where they are the same. */
export function differences(before: Digest, after: Digest): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]).toSorted();
}
