import { conditionOf, type KubernetesObject } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Need, Snapshot } from "./cause.ts";
import { at, patience, quote } from "./look.ts";
import { gitopsPlace, kustomizations, releases } from "./makers.ts";

/** Sources of Flux: Git, OCI and Helm repositories, buckets, charts. */

interface Reference {
  kind: string;
  name: string;
  namespace?: string;
}

export function sources(snapshot: Snapshot): Clues {
  const all = snapshot.gitops.filter(({ apiVersion }) => apiVersion.startsWith("source.toolkit.fluxcd.io/"));
  const known = new Set(all.map(gitopsPlace));
  const users = [...kustomizations(snapshot), ...releases(snapshot)];
  const missing = users.flatMap((user) => sourceNeeds(user).filter(({ what }) => !known.has(what)));
  return {
    findings: [...all.flatMap((source) => findingOf(snapshot, source)), ...missing.map(missingSource)],
    needs: all.flatMap((source) => referenceNeeds(source, at<Reference>(source, "spec.sourceRef"))),
  };
}

/** It needs its source only while it cannot get what that has stored. */
export function sourceNeeds(user: KubernetesObject): Need[] {
  const ready = conditionOf(user, "Ready");
  if (ready?.status === "True" || !/artifact|source|chart/i.test(`${ready?.reason} ${ready?.message}`)) return [];
  const chart = at<string>(user, "status.helmChart")?.split("/");
  return [
    ...referenceNeeds(user, at<Reference>(user, "spec.sourceRef")),
    ...referenceNeeds(user, at<Reference>(user, "spec.chartRef")),
    ...referenceNeeds(user, at<Reference>(user, "spec.chart.spec.sourceRef")),
    ...referenceNeeds(user, chart && { kind: "HelmChart", namespace: chart[0]!, name: chart[1]! }),
  ];
}

function referenceNeeds(user: KubernetesObject, reference: Reference | undefined): Need[] {
  if (reference === undefined) return [];
  const { kind, name, namespace = user.metadata.namespace } = reference;
  return [{ who: gitopsPlace(user), what: gitopsPlace({ kind, metadata: { name, namespace } }) }];
}

function missingSource({ who, what }: Need): Finding {
  return {
    at: what,
    object: who,
    idle: true,
    type: "GITOPS_SOURCE",
    cause: `source ${what} of ${who} does not exist`,
    hint: "Bring back that source, or correct the name in sourceRef.",
  };
}

function findingOf(snapshot: Snapshot, source: KubernetesObject): Finding[] {
  const { name, namespace } = source.metadata;
  const { kind } = source;
  const place = { at: gitopsPlace(source), object: gitopsPlace(source), idle: true };
  const stored = at(source, "status.artifact") !== undefined;
  if (at(source, "spec.suspend") === true && !stored)
    return [
      {
        ...place,
        type: "GITOPS_SUSPENDED",
        cause: `${kind} ${name} is suspended and has nothing stored`,
        hint: `Run: flux resume source ${kind === "GitRepository" ? "git" : kind.toLowerCase()} ${name} -n ${namespace}`,
      },
    ];
  // Each new try makes Ready begin anew; that fetching fails it keeps saying.
  const fetch = conditionOf(source, "FetchFailed");
  const trouble = fetch?.status === "True" ? fetch : conditionOf(source, "Ready");
  if (trouble === undefined || (trouble !== fetch && trouble.status !== "False")) return [];
  if (patience(snapshot, trouble.lastTransitionTime)) return [];
  const said = quote(trouble.message ?? trouble.reason ?? "no reason is given");
  const url = at<string>(source, "spec.url");
  return [
    {
      ...place,
      type: "GITOPS_SOURCE",
      cause: `${kind} ${name}${url === undefined ? "" : ` (${withoutPassword(url)})`} cannot be fetched: ${said}`,
      hint: hintFor(said),
    },
  ];
}

const withoutPassword = (url: string) => url.replace(/\/\/[^/@]*@/, "//");

function hintFor(said: string): string {
  if (/secrets? .*not found/i.test(said)) return "Bring back the secret that it names in spec.secretRef.";
  if (/auth|permission denied|401|403|handshake/i.test(said))
    return "Renew the credentials in the secret that spec.secretRef names.";
  if (/no such host|connection refused|timeout|deadline|x509/i.test(said))
    return "Look whether its host resolves and answers from within the cluster.";
  return "Look whether the repository, and the branch or version that it asks for, exist.";
}
