import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { find, ofKind, patience, quote, secondsSince } from "./look.ts";

/** A namespace that does not go. While it is going, nothing else in it means anything. */

export function isTerminating({ cluster, namespace }: Snapshot): boolean {
  return find(cluster, "Namespace", namespace)?.metadata.deletionTimestamp !== undefined;
}

export function terminating(snapshot: Snapshot): Clues {
  const namespace = find(snapshot.cluster, "Namespace", snapshot.namespace)!;
  if (patience(snapshot, namespace.metadata.deletionTimestamp)) return { findings: [], needs: [] };
  const place = `Namespace/${snapshot.namespace}`;
  const dead = deadServices(snapshot, namespace);
  const held = snapshot.objects.filter((object) => isHeld(snapshot, object)).map((object) => holding(snapshot, object));
  const causes = [...dead, ...held];
  const findings = causes.length > 0 ? causes : otherwise(snapshot, namespace);
  const needs = findings.map(({ at }) => ({ who: place, what: at }));
  return { findings, needs: [...needs, ...snapshot.expected.map((expected) => needOf(expected, place))] };
}

const needOf = ({ apiVersion, kind, name }: Snapshot["expected"][number], what: string) => ({
  who: nameOf({ apiVersion, kind, metadata: { name } }),
  what,
});

const isHeld = (snapshot: Snapshot, { metadata }: KubernetesObject) =>
  metadata.deletionTimestamp !== undefined &&
  (metadata.finalizers ?? []).length > 0 &&
  secondsSince(snapshot, metadata.deletionTimestamp) > 10;

/** Who removes a finalizer. The longest beginning that fits wins. */
const controllers: Record<string, string> = {
  "kubernetes.io/pvc-protection": "the claim is still used by a pod",
  "kubernetes.io/pv-protection": "the volume is still bound to a claim",
  foregroundDeletion: "its dependants have to go first",
  orphan: "the garbage collector of kube-controller-manager",
  "service.kubernetes.io/load-balancer-cleanup": "the cloud's load balancer controller",
  "batch.kubernetes.io/job-tracking": "the job controller of kube-controller-manager",
  "longhorn.io": "longhorn-manager",
  "finalizers.fluxcd.io": "the Flux controllers in flux-system",
  "resources-finalizer.argocd.argoproj.io": "argocd-application-controller",
  "cnpg.io": "the CloudNativePG operator",
  "externalsecrets.external-secrets.io": "the External Secrets operator",
  "secrets.infisical.com": "the Infisical operator",
  "finalizer.acme.cert-manager.io": "cert-manager",
  "acme.cert-manager.io": "cert-manager",
  "elasticsearch.k8s.elastic.co": "the ECK operator",
};

function holding(snapshot: Snapshot, object: KubernetesObject): Finding {
  const finalizers = object.metadata.finalizers!;
  const [finalizer] = finalizers as [string];
  const known = Object.keys(controllers).findLast((start) => finalizer === start || finalizer.includes(start));
  const { apiVersion } = object;
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : undefined;
  const controller = known === undefined ? `the controller of ${finalizer.split("/")[0]}` : controllers[known]!;
  const seconds = Math.round(secondsSince(snapshot, object.metadata.deletionTimestamp));
  return {
    at: nameOf(object),
    object: nameOf(object),
    type: "NAMESPACE_TERMINATING",
    cause: `namespace ${snapshot.namespace} cannot go: finalizer ${finalizers.join(", ")} holds ${nameOf(object)} for ${seconds} s now`,
    hint: /^(?:the claim|the volume|its )/.test(controller)
      ? `It is kept because ${controller}: look for what does not end.`
      : `Look whether ${controller}${group === undefined ? "" : ` (${group})`} runs: it removes the finalizer when it has cleaned up. Remove it by hand only if nothing outside is left behind.`,
  };
}

function deadServices({ cluster, namespace }: Snapshot, object: KubernetesObject): Finding[] {
  const failure = conditionOf(object, "NamespaceDeletionDiscoveryFailure");
  const dead = ofKind(cluster, "APIService").filter((one) => conditionOf(one, "Available")?.status === "False");
  if (failure?.status !== "True") return [];
  if (dead.length === 0)
    return [
      {
        at: `Namespace/${namespace}/discovery`,
        object: `Namespace/${namespace}`,
        type: "API_SERVICE_DEAD",
        cause: `namespace ${namespace} cannot go, because not all kinds can be listed: ${quote(failure.message ?? "")}`,
        hint: "Bring back the API service that the message names, or delete its APIService object.",
      },
    ];
  return dead.map((service) => ({
    at: nameOf(service),
    object: nameOf(service),
    type: "API_SERVICE_DEAD",
    cause: `namespace ${namespace} cannot go, because API service ${service.metadata.name} is dead: ${quote(conditionOf(service, "Available")?.message ?? "")}`,
    hint: "Start the pods behind this API service, or delete its APIService object if they are gone for good.",
  }));
}

/** Nothing holds a finalizer: a pod that does not end, or a controller manager that does not work. */
function otherwise(snapshot: Snapshot, namespace: KubernetesObject): Finding[] {
  if (secondsSince(snapshot, namespace.metadata.deletionTimestamp) < 60) return [];
  const said = ["NamespaceDeletionContentFailure", "NamespaceFinalizersRemaining", "NamespaceContentRemaining"]
    .map((type) => conditionOf(namespace, type))
    .find((condition) => condition?.status === "True");
  return [
    {
      at: `Namespace/${snapshot.namespace}/rest`,
      object: `Namespace/${snapshot.namespace}`,
      type: "NAMESPACE_TERMINATING",
      cause: `namespace ${snapshot.namespace} does not go: ${quote(said?.message ?? "nothing says why")}`,
      hint: "Look for pods that do not end, on nodes that are down, and whether kube-controller-manager runs.",
    },
  ];
}
