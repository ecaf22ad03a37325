import type { KubernetesObject } from "../activities/kubernetes/object.ts";

/** Everything that a diagnosis looks at, as the API server says it. */
export interface Snapshot {
  /** ISO 8601: now. */
  at: string;
  namespace: string;
  /** Everything in the namespace. Of secrets the names and keys only: values are blank. */
  objects: KubernetesObject[];
  /** The Namespace itself, nodes, volumes, classes, webhooks and their Services, policies, APIServices. */
  cluster: KubernetesObject[];
  /** Of Flux and Argo CD, from all namespaces. */
  gitops: KubernetesObject[];
  /** "pod/container": its last lines; of the previous container where it crashed. */
  logs: Record<string, string>;
  /** What is to be there and ready. */
  expected: Expected[];
}

export interface Expected {
  apiVersion: string;
  kind: string;
  name: string;
}

type CauseType =
  | "IMAGE_NOT_FOUND"
  | "IMAGE_UNAUTHORIZED"
  | "IMAGE_RATE_LIMIT"
  | "IMAGE_INVALID"
  | "IMAGE_PULL_FAILED"
  | "PULL_SECRET_MISSING"
  | "REGISTRY_UNREACHABLE"
  | "CRASH"
  | "OUT_OF_MEMORY"
  | "COMMAND_NOT_FOUND"
  | "COMMAND_NOT_EXECUTABLE"
  | "CONTAINER_NOT_CREATED"
  | "INIT_CONTAINER_WAITS"
  | "PROBE_FAILED"
  | "CONFIG_MISSING"
  | "MOUNT_FAILED"
  | "SANDBOX_FAILED"
  | "EVICTED"
  | "INSUFFICIENT_RESOURCES"
  | "NODE_TAINT"
  | "NODE_SELECTOR"
  | "NODE_NOT_READY"
  | "UNSCHEDULABLE"
  | "STORAGE_CLASS_MISSING"
  | "PROVISIONING_FAILED"
  | "VOLUME_NOT_BOUND"
  | "CLAIM_MISSING"
  | "NOT_SYNCED"
  | "CERTIFICATE_NOT_ISSUED"
  | "QUOTA_EXCEEDED"
  | "LIMIT_RANGE"
  | "POD_SECURITY"
  | "WEBHOOK_REFUSED"
  | "WEBHOOK_UNREACHABLE"
  | "ADMISSION_POLICY"
  | "SERVICE_ACCOUNT_MISSING"
  | "CREATION_REFUSED"
  | "RBAC"
  | "DNS"
  | "CONNECTION_REFUSED"
  | "SERVICE_MISSING"
  | "SERVICE_WITHOUT_PODS"
  | "INGRESS_CLASS_MISSING"
  | "INGRESS_WITHOUT_ADDRESS"
  | "JOB_FAILED"
  | "ROLLOUT_STUCK"
  | "NAMESPACE_TERMINATING"
  | "API_SERVICE_DEAD"
  | "GITOPS_SUSPENDED"
  | "GITOPS_SOURCE"
  | "GITOPS_BUILD"
  | "GITOPS_DEPENDENCY"
  | "GITOPS_APPLY"
  | "GITOPS_HEALTH"
  | "GITOPS_NO_ANSWER"
  | "GITOPS_GAVE_UP"
  | "HELM_FAILED"
  | "HELM_NO_DRIFT_DETECTION"
  | "NOTHING_MAKES_IT";

export interface Cause {
  type: CauseType;
  /** "Deployment/shop/web" for a container of its pods, "Secret/shop" for an object. */
  object: string;
  cause: string;
  hint: string;
  /** The expected objects that it explains, as `nameOf` writes them. */
  affects: string[];
}

/** What is wrong at one place. Whether it is a cause or a symptom is decided when all of them are known. */
export interface Finding extends Omit<Cause, "affects"> {
  /**
   * Where in the web of needs it lies: an object, or a thing that several objects share, such as "Image/shop:1". One
   * place has one cause, so twenty pods that miss one image are told of once.
   */
  at: string;
  /** It is no cause as long as this place is on its way, unless that waits for it in turn. */
  waitsFor?: string | undefined;
  /** Without an expected object that it explains it is nothing worth telling. */
  idle?: boolean;
}

/** `who` cannot work without `what`; both are places. */
export interface Need {
  who: string;
  what: string;
}

/** What one family of causes sees. */
export interface Clues {
  findings: Finding[];
  needs: Need[];
}

/** An object, or its being in order, may take so long in a healthy recovery that nothing is said before. */
export const patienceSeconds = 15;
