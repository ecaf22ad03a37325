/** An object as the API server writes it: plain JSON, times as strings (ISO 8601, whole seconds). */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
    managedFields?: {
      manager: string;
      operation: string;
      apiVersion?: string;
      subresource?: string;
      time?: string;
      fieldsV1?: object;
    }[];
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [field: string]: unknown;
}

/** One condition of an object's status, as nearly every kind has them. */
export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

/** A kind that an API server serves, as discovery tells it. */
export interface Resource {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  /** Name in paths, such as "deployments". */
  plural: string;
  namespaced: boolean;
  /** What may be asked of it: "list", "watch", "delete" … */
  verbs: string[];
}

/** "Deployment/shop", or "Certificate.cert-manager.io/shop" where a kind's name alone does not say which. */
export function nameOf({
  apiVersion,
  kind,
  metadata,
}: Pick<KubernetesObject, "apiVersion" | "kind" | "metadata">): string {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
  const builtIn = group === "" || !group.includes(".") || group.endsWith(".k8s.io");
  return `${kind}${builtIn ? "" : `.${group}`}/${metadata.name}`;
}

export function conditionsOf({ status }: KubernetesObject): Condition[] {
  return Array.isArray(status?.["conditions"]) ? (status["conditions"] as Condition[]) : [];
}

export function conditionOf(object: KubernetesObject, type: string): Condition | undefined {
  return conditionsOf(object).find((one) => one.type === type);
}
