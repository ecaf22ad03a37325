import { createHash } from "node:crypto";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { type Claim, claimsOn, claimsOnItem, claimsOnKey, isByHand, isOfGit } from "./ownership.ts";

/**
 * What of an object matters, so that it can be compared with the one that comes back: by path a digest of each value, as a
 * Secret's value never leaves the cluster, and none of what the cluster itself makes up anew. What GitOps does not answer for
 * begins with `others`: what a controller has written there is its own matter.
 */
export type Digest = Record<string, string>;

const others = "~";

/** Written anew by the API server or a controller for each object. */
const madeAnew = [
  /^status(\.|$)/,
  /^metadata\.(?!(labels|annotations)(\.|$))/,
  /(^|\.)metadata\.annotations\.(kubectl\.kubernetes\.io|deployment\.kubernetes\.io|reconcile\.fluxcd\.io|argocd\.argoproj\.io|pv\.kubernetes\.io|volume\.(beta\.)?kubernetes\.io|control-plane\.alpha\.kubernetes\.io|cloud\.google\.com|openshift\.io|(field\.)?cattle\.io)\//,
  /^(metadata|spec\.selector\.matchLabels|spec\.template\.metadata|spec\.selector)\.?(labels\.)?(batch\.kubernetes\.io\/)?(controller-uid|job-name)$/,
];

const madeAnewByKind: Record<string, RegExp[]> = {
  Service: [/^spec\.(clusterIPs?|healthCheckNodePort)\b/, /^spec\.ports\.[^.]+\.nodePort$/],
  PersistentVolumeClaim: [/^spec\.volumeName$/],
  ServiceAccount: [/^secrets\./],
  Pod: [/^spec\.nodeName$/, /^spec\.(volumes|containers|initContainers)\..*kube-api-access/],
};

/** How an object is looked at. */
export interface View {
  /** Its values are made anew, such as a certificate's: only the names of its keys count. */
  generated: boolean;
  /** An autoscaler decides how many replicas there are. */
  scaled: boolean;
  /** GitOps makes it. Of other objects nobody says what of them will be the same, and all counts. */
  held: boolean;
}

/** @param salt of this run alone: nobody can guess a short value from its digest */
export function digestOf(object: KubernetesObject, salt: string, view: View): Digest {
  const digest: Digest = {};
  for (const { path, hidden, value, claims } of leavesOf(object, view)) {
    const text = hidden ? "" : JSON.stringify(value);
    const hash = createHash("sha256").update(`${salt}\0${path}\0${text}`).digest("base64url").slice(0, 16);
    digest[path] = claims === undefined || claims.some(isOfGit) ? hash : `${others}${hash}`;
  }
  return digest;
}

/** Of an object that GitOps makes, what a person has written over it: by path, with the program. */
export function changedByHand(object: KubernetesObject, view: View): Record<string, string> {
  const found = leavesOf(object, view).flatMap(({ path, claims = [] }) => {
    const manual = claims.some(isOfGit) ? undefined : claims.find(isByHand);
    return manual === undefined ? [] : [[path, manual.manager]];
  });
  return Object.fromEntries(found) as Record<string, string>;
}

interface Leaf {
  path: string;
  value: unknown;
  /** Only that it is there counts. */
  hidden: boolean;
  /** Who has written it; undefined where the object does not tell what is GitOps's. */
  claims: Claim[] | undefined;
}

function leavesOf(object: KubernetesObject, { generated, scaled, held }: View): Leaf[] {
  const { apiVersion: _version, kind, ...rest } = object;
  const claims = claimsOn(object);
  const told = held && claims.some(isOfGit);
  const without = [...madeAnew, ...(madeAnewByKind[kind] ?? []), ...(scaled ? [/^spec\.replicas$/] : [])];
  const walk = (value: unknown, path: string, of: Claim[]): Leaf[] => {
    if (without.some((one) => one.test(path))) return [];
    const below = (key: string) => (path === "" ? key : `${path}.${key}`);
    if (Array.isArray(value) && value.length > 0)
      return value.flatMap((item: unknown, index) => {
        const { name, claims: inner } = claimsOnItem(of, item, index);
        return walk(item, below(name), inner);
      });
    if (typeof value === "object" && value !== null && Object.keys(value).length > 0)
      return Object.entries(value).flatMap(([key, inner]) => walk(inner, below(key), claimsOnKey(of, key)));
    const hidden = generated && /^(data|stringData|binaryData|metadata\.annotations)\./.test(path);
    return [{ path, value, hidden, claims: told ? of : undefined }];
  };
  return walk(rest, "", claims);
}

/** Paths of values that GitOps answered for and that are others now, or that it has added; empty where all is as it was. */
export function differences(before: Digest, after: Digest): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => differs(before[path], after[path])).toSorted();
}

function differs(before: string | undefined, after: string | undefined): boolean {
  if (before === undefined) return after?.startsWith(others) !== true;
  return !before.startsWith(others) && !isSame(before, after);
}

/** Whoever answers for it. */
export function isSame(before: string | undefined, after: string | undefined): boolean {
  return before?.replace(others, "") === after?.replace(others, "");
}
