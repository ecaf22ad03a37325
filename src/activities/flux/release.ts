import { gunzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { splitApiVersion } from "../kubernetes/paths.ts";
import type { Held } from "./inventory.ts";

interface Released {
  /** Of a List. */
  items?: Released[];
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
}

/**
 * What Helm would delete with a release, by the manifest that it keeps in a Secret; for a HelmRelease that keeps no list itself
 * (before Flux 2.8). Undefined where that Secret is not among the objects.
 * @param objects all of the namespace in which the HelmRelease lies
 */
export function releaseOf({ metadata, status }: KubernetesObject, objects: KubernetesObject[]): Held[] | undefined {
  const { history, storageNamespace } = (status ?? {}) as {
    history?: { name: string; namespace: string; version: number }[];
    storageNamespace?: string;
  };
  const newest = history?.[0];
  if (newest === undefined || (storageNamespace ?? metadata.namespace) !== metadata.namespace) return undefined;
  const name = `sh.helm.release.v1.${newest.name}.v${newest.version}`;
  const secret = objects.find((one) => one.kind === "Secret" && one.metadata.name === name);
  const { release } = (secret?.["data"] ?? {}) as { release?: string };
  if (release === undefined) return undefined;
  return manifestOf(release)
    .filter((one) => one.metadata.annotations?.["helm.sh/resource-policy"] !== "keep")
    .map((one) => placed(one, newest.namespace === metadata.namespace ? objects : []));
}

const gzipMagic = 0x1f8b;

/** Kubernetes has encoded it, and Helm before that, after it was compressed. */
function manifestOf(release: string): Released[] {
  const packed = Buffer.from(Buffer.from(release, "base64").toString(), "base64");
  const text = packed.readUInt16BE(0) === gzipMagic ? gunzipSync(packed) : packed;
  const { manifest = "" } = JSON.parse(text.toString()) as { manifest?: string };
  return parseAllDocuments(manifest)
    .flatMap((one) => (one.toJS() as Released | null) ?? [])
    .flatMap((one) => one.items ?? [one]);
}

/** A manifest without a namespace is of the release's, or of the cluster: what the namespace has is of the former. */
function placed({ apiVersion, kind, metadata: { name, namespace } }: Released, objects: KubernetesObject[]): Held {
  const { group } = splitApiVersion(apiVersion);
  const found = objects.find(
    (one) => one.kind === kind && one.metadata.name === name && splitApiVersion(one.apiVersion).group === group,
  );
  const of = namespace ?? found?.metadata.namespace;
  return { kind, name, ...(of !== undefined && { namespace: of }) };
}
