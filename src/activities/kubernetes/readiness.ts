import { conditionOf, conditionsOf, type KubernetesObject } from "./object.ts";
import { splitApiVersion } from "./paths.ts";
import { workloads } from "./readiness-workloads.ts";
import { failed, latest, progressing, ready, type Rule, say, type Verdict } from "./verdict.ts";

/**
 * Whether an object does what it is there for, by the rules of kstatus, and stricter where those speak too early.
 * An object that was ready, was deleted and is not yet gone may still say that it is ready: compare uids as well.
 */
export function readiness(object: KubernetesObject, now = Date.now()): Omit<Verdict, "since"> {
  const { status, message } = verdict(object, now);
  return { status, message };
}

/** Since when it is ready, in the object's own words; null where it is not, or where its kind keeps no such time. */
export function readySince(object: KubernetesObject): string | null {
  return verdict(object, Date.now()).since;
}

function verdict(object: KubernetesObject, now: number): Verdict {
  const { generation, deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp !== undefined) {
    const held = finalizers.length === 0 ? "" : `, held by ${finalizers.join(", ")}`;
    return { status: "terminating", message: `being deleted since ${deletionTimestamp}${held}`, since: null };
  }
  const observed = object.status?.["observedGeneration"];
  if (observed !== undefined && generation !== undefined && observed !== generation)
    return progressing("its controller has not seen its newest version");
  const [reconciling, stalled] = [conditionOf(object, "Reconciling"), conditionOf(object, "Stalled")];
  if (reconciling?.status === "True") return progressing(say(reconciling));
  if (stalled?.status === "True") return failed(say(stalled));
  return (rules[ruleName(object)] ?? byConditions)(object, now);
}

function ruleName({ apiVersion, kind }: KubernetesObject): string {
  return `${splitApiVersion(apiVersion).group}/${kind}`;
}

const atOnce: Rule = ({ metadata }) => ready("it is there", metadata.creationTimestamp);

const rules: Record<string, Rule> = {
  ...workloads,
  "/ConfigMap": atOnce,
  "/Secret": atOnce,
  "batch/CronJob": atOnce,
  "policy/PodDisruptionBudget": atOnce,
  "/PersistentVolumeClaim": inPhase("Bound"),
  "/PersistentVolume": inPhase("Bound", "Available"),
  "/Namespace": (object, now) => {
    const found = inPhase("Active")(object, now);
    return found.status === "ready" ? atOnce(object, now) : found;
  },
  "/Service": (object, now) => {
    if (object.spec?.["type"] !== "LoadBalancer") return atOnce(object, now);
    return object.spec["clusterIP"] ? withAddress(object) : progressing("it has no cluster IP");
  },
  "networking.k8s.io/Ingress": withAddress,
  "apiextensions.k8s.io/CustomResourceDefinition": (object) => {
    const [names, established] = [conditionOf(object, "NamesAccepted"), conditionOf(object, "Established")];
    if (names?.status === "False") return failed(say(names));
    if (established?.status === "True") return ready("it is established", established.lastTransitionTime);
    if (established?.status === "False" && established.reason !== "Installing") return failed(say(established));
    return progressing("it is not established");
  },
  "argoproj.io/Application": ({ status }) => {
    const { status: health = "unknown", message } = (status?.["health"] ?? {}) as { status?: string; message?: string };
    const { status: sync = "unknown" } = (status?.["sync"] ?? {}) as { status?: string };
    if (health === "Healthy" && sync === "Synced") return ready("healthy and synced", null);
    return progressing(`health is ${health}, sync is ${sync}${message ? `: ${message}` : ""}`);
  },
};

function inPhase(...good: string[]): Rule {
  return ({ status }) => {
    const { phase, message, lastPhaseTransitionTime } = (status ?? {}) as Record<string, string | undefined>;
    if (phase !== undefined && good.includes(phase)) return ready(`it is ${phase}`, lastPhaseTransitionTime);
    const found = phase ?? "unknown";
    const text = `its phase is ${found}${message ? `: ${message}` : ""}`;
    return found === "Failed" ? failed(text) : progressing(text);
  };
}

function withAddress({ status }: KubernetesObject): Verdict {
  const { ingress = [] } = (status?.["loadBalancer"] ?? {}) as { ingress?: { ip?: string; hostname?: string }[] };
  const address = ingress.map(({ ip, hostname }) => ip ?? hostname).find((one) => one);
  return address === undefined ? progressing("it has no address") : ready(`it has the address ${address}`, null);
}

/** Ready=False is no failure: nearly every controller says so on its way. */
function byConditions(object: KubernetesObject, now: number): Verdict {
  const isReady = conditionOf(object, "Ready");
  const deciding = isReady === undefined ? conditionsOf(object).filter(({ type }) => standsForReady(type)) : [isReady];
  if (deciding.length === 0)
    return speaks.test(ruleName(object)) ? progressing("its controller has said nothing") : atOnce(object, now);
  const missing = deciding.find(({ status }) => status !== "True");
  if (missing !== undefined) return progressing(say(missing));
  return ready(deciding.map(say).join(", "), latest(...deciding.map(({ lastTransitionTime }) => lastTransitionTime)));
}

/** What controllers say that have no condition Ready, such as `secrets.infisical.com/ReadyToSyncSecrets`. */
function standsForReady(type: string): boolean {
  return /(^|\/)(ReadyToSyncSecrets|LastReconcileStatus|IsReady|Synced|Available|Healthy)$/.test(type);
}

/** Kinds whose controllers always say whether they are ready: before that, nothing is. */
const speaks = new RegExp(
  [
    "^cert-manager\\.io/(Certificate|CertificateRequest|Issuer|ClusterIssuer)$",
    "^source\\.toolkit\\.fluxcd\\.io/(GitRepository|OCIRepository|Bucket|HelmChart)$",
    "^(kustomize|helm)\\.toolkit\\.fluxcd\\.io/(Kustomization|HelmRelease)$",
    "^secrets\\.infisical\\.com/Infisical",
    "^external-secrets\\.io/(Cluster)?(ExternalSecret|SecretStore)$",
    "^apiregistration\\.k8s\\.io/APIService$",
    "^/Node$",
  ].join("|"),
);
