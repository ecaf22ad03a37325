import { expect, test } from "vitest";
import type { Condition, KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { readiness, readySince } from "../../../src/activities/kubernetes/readiness.ts";

/** Every row of kstatus' table, and where we are stricter. */

const created = "2026-11-21T03:00:00Z";
const since = "2026-11-21T03:05:00Z";
const now = Date.parse("2026-11-21T03:10:00Z");

type Part = Record<string, unknown>;

function object(apiVersion: string, kind: string, spec: Part, status: Part, metadata: Part = {}): KubernetesObject {
  return { apiVersion, kind, metadata: { name: "x", creationTimestamp: created, ...metadata }, spec, status };
}
const is = (type: string, status: Condition["status"] = "True", reason = "", message = ""): Part => ({
  conditions: [{ type, status, reason, message, lastTransitionTime: since }],
});
const both = (...all: Part[]): Part => ({ conditions: all.flatMap(({ conditions }) => conditions as Part[]) });

const available = both(is("Available"), is("Progressing", "True", "NewReplicaSetAvailable"));
const three = { replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3, observedGeneration: 1 };
const deployment = (status: Part, spec: Part = {}) =>
  object("apps/v1", "Deployment", { replicas: 3, progressDeadlineSeconds: 600, ...spec }, status);

const fullSet = { ...three, currentReplicas: 3, currentRevision: "a", updateRevision: "a" };
const statefulSet = (status: Part, updateStrategy: Part = { type: "RollingUpdate" }) =>
  object("apps/v1", "StatefulSet", { replicas: 3, updateStrategy }, status);
const partition = (partition: number) => ({ type: "RollingUpdate", rollingUpdate: { partition } });

const everywhere = {
  observedGeneration: 1,
  desiredNumberScheduled: 2,
  currentNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberAvailable: 2,
  numberReady: 2,
};
const daemonSet = (status: Part, metadata: Part = { generation: 1 }) =>
  object("apps/v1", "DaemonSet", {}, status, metadata);

const fullReplicas = { ...three, fullyLabeledReplicas: 3 };
const replicaSet = (status: Part) => object("apps/v1", "ReplicaSet", { replicas: 3 }, status);

const pod = (status: Part, metadata: Part = {}) => object("v1", "Pod", {}, status, metadata);
const waiting = (reason: string) => ({ containerStatuses: [{ name: "web", state: { waiting: { reason } } }] });
const job = (status: Part) => object("batch/v1", "Job", {}, status);
const phase = (kind: string, phase: string) => object("v1", kind, {}, { phase });
const service = (spec: Part, status: Part = {}) => object("v1", "Service", spec, status);
const address = (ingress: Part[]) => ({ loadBalancer: { ingress } });
const balanced = { type: "LoadBalancer", clusterIP: "10.0.0.1" };
const ingress = (status: Part) => object("networking.k8s.io/v1", "Ingress", {}, status);
const crd = (status: Part) => object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {}, status);
const certificate = (status: Part, metadata: Part = {}) =>
  object("cert-manager.io/v1", "Certificate", {}, status, metadata);
const infisical = (status: Part) => object("secrets.infisical.com/v1alpha1", "InfisicalSecret", {}, status);
const prefixed = (type: string, status?: Condition["status"]) => is(`secrets.infisical.com/${type}`, status);
const application = (health: string, sync: string) =>
  object("argoproj.io/v1alpha1", "Application", {}, { health: { status: health }, sync: { status: sync } });

const rows: [what: string, object: KubernetesObject, status: string, message: string, since?: string | null][] = [
  ["a Deployment", deployment({ ...three, ...available, observedGeneration: 1 }, {}), "ready", "3 pods ready", since],
  [
    "what is being deleted, although it says that it is ready",
    certificate(is("Ready"), { deletionTimestamp: since, finalizers: ["a/b", "c"] }),
    "terminating",
    `being deleted since ${since}, held by a/b, c`,
  ],
  [
    "an old generation",
    certificate({ ...is("Ready"), observedGeneration: 1 }, { generation: 2 }),
    "progressing",
    "its controller has not seen its newest version",
  ],
  [
    "Reconciling, before Ready",
    certificate(both(is("Ready"), is("Reconciling", "True", "", "new"))),
    "progressing",
    "Reconciling is True: new",
  ],
  [
    "Stalled, before Ready",
    certificate(both(is("Ready"), is("Stalled", "True", "Bad"))),
    "failed",
    "Stalled is True: Bad",
  ],

  [
    "a Deployment past its deadline",
    deployment({ ...three, ...is("Progressing", "False", "ProgressDeadlineExceeded") }),
    "failed",
    "Progressing is False: ProgressDeadlineExceeded",
  ],
  ["a Deployment unseen", deployment({}), "progressing", "not seen by its controller"],
  ["a Deployment of no pods, unseen", deployment({}, { replicas: 0 }), "progressing", "not seen by its controller"],
  ["a Deployment without pods", deployment({ observedGeneration: 1 }), "progressing", "0 of 3 pods made"],
  [
    "a Deployment of one pod by default",
    deployment({ observedGeneration: 1 }, { replicas: undefined }),
    "progressing",
    "0 of 1 pods made",
  ],
  ["old pods", deployment({ ...three, ...available, updatedReplicas: 1 }), "progressing", "1 of 3 pods updated"],
  ["old pods that go", deployment({ ...three, ...available, replicas: 4 }), "progressing", "1 more pods than wanted"],
  ["unavailable pods", deployment({ ...three, availableReplicas: 2 }), "progressing", "2 of 3 pods available"],
  ["unready pods", deployment({ ...three, readyReplicas: 2 }), "progressing", "2 of 3 pods ready"],
  [
    "a rollout that is not over",
    deployment({ ...three, ...both(is("Available"), is("Progressing", "True", "ReplicaSetUpdated")) }),
    "progressing",
    "Progressing is True: ReplicaSetUpdated",
  ],
  [
    "a Deployment without a deadline needs no such condition",
    deployment({ ...three, ...is("Available") }, { progressDeadlineSeconds: 2147483647 }),
    "ready",
    "3 pods ready",
    since,
  ],
  [
    "a Deployment that is not available",
    deployment({
      ...three,
      ...both(
        is("Available", "False", "MinimumReplicasUnavailable"),
        is("Progressing", "True", "NewReplicaSetAvailable"),
      ),
    }),
    "progressing",
    "Available is False: MinimumReplicasUnavailable",
  ],

  ["a StatefulSet", statefulSet(fullSet), "ready", "3 pods ready", null],
  [
    "a StatefulSet that updates on delete",
    statefulSet({ ...fullSet, currentRevision: "old" }, { type: "OnDelete" }),
    "ready",
    "3 pods ready, updated when they are deleted",
  ],
  [
    "one that updates on delete, without its pods",
    statefulSet({ observedGeneration: 1 }, { type: "OnDelete" }),
    "progressing",
    "0 of 3 pods made",
  ],
  ["too few", statefulSet({ ...fullSet, replicas: 2 }), "progressing", "2 of 3 pods made"],
  ["unready ones", statefulSet({ ...fullSet, readyReplicas: 1 }), "progressing", "1 of 3 pods ready"],
  ["too many", statefulSet({ ...fullSet, replicas: 5 }), "progressing", "2 more pods than wanted"],
  [
    "a partition that waits",
    statefulSet({ ...fullSet, updatedReplicas: 1 }, partition(1)),
    "progressing",
    "1 of 2 pods updated",
  ],
  [
    "a partition that is done, of two revisions",
    statefulSet({ ...fullSet, updatedReplicas: 2, updateRevision: "b" }, partition(1)),
    "ready",
    "3 pods ready",
  ],
  ["another revision", statefulSet({ ...fullSet, currentReplicas: 2 }), "progressing", "2 of 3 pods of this revision"],
  [
    "a revision to come",
    statefulSet({ ...fullSet, updateRevision: "b" }),
    "progressing",
    "pods wait for their new revision",
  ],

  ["a DaemonSet", daemonSet(everywhere), "ready", "2 pods ready", null],
  ["a DaemonSet without generation", daemonSet(everywhere, {}), "progressing", "it has no generation"],
  ["a DaemonSet unseen", daemonSet({}), "progressing", "not seen by its controller"],
  ["uncounted nodes", daemonSet({ observedGeneration: 1 }), "progressing", "the nodes are not counted"],
  ["missing", daemonSet({ ...everywhere, currentNumberScheduled: 1 }), "progressing", "1 of 2 pods made"],
  ["old", daemonSet({ ...everywhere, updatedNumberScheduled: 1 }), "progressing", "1 of 2 pods updated"],
  ["unavailable", daemonSet({ ...everywhere, numberAvailable: 1 }), "progressing", "1 of 2 pods available"],
  ["unready", daemonSet({ ...everywhere, numberReady: 1 }), "progressing", "1 of 2 pods ready"],

  ["a ReplicaSet", replicaSet(fullReplicas), "ready", "3 pods ready", null],
  [
    "a quota",
    replicaSet({ ...fullReplicas, ...is("ReplicaFailure", "True", "", "exceeded quota") }),
    "progressing",
    "ReplicaFailure is True: exceeded quota",
  ],
  ["unlabelled", replicaSet({ ...fullReplicas, fullyLabeledReplicas: 2 }), "progressing", "2 of 3 pods labelled"],
  ["unavailable", replicaSet({ ...fullReplicas, availableReplicas: 2 }), "progressing", "2 of 3 pods available"],
  ["unready", replicaSet({ ...fullReplicas, readyReplicas: 2 }), "progressing", "2 of 3 pods ready"],
  ["too many", replicaSet({ ...fullReplicas, replicas: 4 }), "progressing", "1 more pods than wanted"],

  ["a Pod that has succeeded", pod({ phase: "Succeeded" }), "ready", "it has succeeded", null],
  ["a Pod that has failed", pod({ phase: "Failed", message: "evicted" }), "failed", "evicted"],
  ["a Pod", pod({ phase: "Running", ...is("Ready") }), "ready", "it is ready", since],
  [
    "a crash loop",
    pod({ phase: "Running", ...is("Ready", "False"), ...waiting("CrashLoopBackOff") }),
    "failed",
    "container web crashes again and again",
  ],
  [
    "a Pod that is not ready",
    pod({ phase: "Running", ...is("Ready", "False", "ContainersNotReady"), ...waiting("ContainerCreating") }),
    "progressing",
    "Ready is False: ContainersNotReady",
  ],
  [
    "a Pod that fits nowhere",
    pod({ phase: "Pending", ...is("PodScheduled", "False", "Unschedulable", "no node") }),
    "failed",
    "PodScheduled is False: no node",
  ],
  [
    "a new Pod that fits nowhere",
    pod(
      { phase: "Pending", ...is("PodScheduled", "False", "Unschedulable", "no node") },
      { creationTimestamp: "2026-11-21T03:09:50Z" },
    ),
    "progressing",
    "PodScheduled is False: no node",
  ],
  [
    "a Pod that starts",
    pod({ phase: "Pending", ...is("PodScheduled") }),
    "progressing",
    "its containers are not running",
  ],
  ["a Pod without a phase", pod({}), "progressing", "its containers are not running"],

  ["a claim", phase("PersistentVolumeClaim", "Bound"), "ready", "it is Bound", null],
  ["a claim that waits", phase("PersistentVolumeClaim", "Pending"), "progressing", "its phase is Pending"],
  [
    "a volume",
    object("v1", "PersistentVolume", {}, { phase: "Available", lastPhaseTransitionTime: since }),
    "ready",
    "it is Available",
    since,
  ],
  ["a volume whose claim is gone", phase("PersistentVolume", "Released"), "progressing", "its phase is Released"],
  ["a volume that failed", phase("PersistentVolume", "Failed"), "failed", "its phase is Failed"],
  ["a namespace", phase("Namespace", "Active"), "ready", "it is there", created],
  ["a namespace that goes", phase("Namespace", "Terminating"), "progressing", "its phase is Terminating"],

  [
    "a Job",
    job({ ...is("Complete"), completionTime: "2026-11-21T03:04:00Z" }),
    "ready",
    "it is complete",
    "2026-11-21T03:04:00Z",
  ],
  [
    "a Job that failed",
    job(is("Failed", "True", "BackoffLimitExceeded")),
    "failed",
    "Failed is True: BackoffLimitExceeded",
  ],
  ["a Job that is suspended", job(is("Suspended")), "ready", "it is suspended", since],
  ["a Job not begun", job({}), "progressing", "not started"],
  ["a Job that runs", job({ startTime: since, active: 1 }), "progressing", "it is running"],

  ["a Service", service({ type: "ClusterIP" }), "ready", "it is there", created],
  ["a load balancer without cluster IP", service({ type: "LoadBalancer" }), "progressing", "it has no cluster IP"],
  ["a load balancer without address", service(balanced, address([{}])), "progressing", "it has no address"],
  ["a load balancer", service(balanced, address([{ ip: "192.0.2.1" }])), "ready", "it has the address 192.0.2.1", null],
  ["an Ingress without address", ingress({}), "progressing", "it has no address"],
  ["an Ingress", ingress(address([{ hostname: "lb.lan" }])), "ready", "it has the address lb.lan", null],

  [
    "a PodDisruptionBudget",
    object("policy/v1", "PodDisruptionBudget", {}, is("DisruptionAllowed", "False")),
    "ready",
    "it is there",
    created,
  ],
  ["a CronJob", object("batch/v1", "CronJob", {}, {}), "ready", "it is there", created],
  ["a Secret", object("v1", "Secret", {}, {}), "ready", "it is there", created],
  ["a ConfigMap", object("v1", "ConfigMap", {}, {}), "ready", "it is there", created],

  [
    "a CRD whose names are taken",
    crd(is("NamesAccepted", "False", "", "taken")),
    "failed",
    "NamesAccepted is False: taken",
  ],
  ["a CRD refused", crd(is("Established", "False", "NotAccepted")), "failed", "Established is False: NotAccepted"],
  ["a CRD that is installed", crd(is("Established", "False", "Installing")), "progressing", "it is not established"],
  ["a CRD", crd(both(is("NamesAccepted"), is("Established"))), "ready", "it is established", since],
  ["a CRD without status", crd({}), "progressing", "it is not established"],

  ["a Certificate", certificate(is("Ready")), "ready", "Ready is True", since],
  [
    "a Certificate that waits",
    certificate(is("Ready", "False", "", "order pending")),
    "progressing",
    "Ready is False: order pending",
  ],
  ["unknown readiness", certificate(is("Ready", "Unknown")), "progressing", "Ready is Unknown"],
  ["a Certificate without status", certificate({}), "progressing", "its controller has said nothing"],
  [
    "an unknown kind with Ready=False",
    object("a.b/v1", "C", {}, is("Ready", "False")),
    "progressing",
    "Ready is False",
  ],
  ["an unknown kind without conditions", object("a.b/v1", "C", {}, {}), "ready", "it is there", created],
  [
    "an unknown kind with other conditions",
    object("a.b/v1", "C", {}, is("Seen", "False")),
    "ready",
    "it is there",
    created,
  ],
  [
    "an InfisicalSecret",
    infisical(
      both(prefixed("ReadyToSyncSecrets"), prefixed("LoadedInfisicalToken"), prefixed("AutoRedeployReady", "False")),
    ),
    "ready",
    "secrets.infisical.com/ReadyToSyncSecrets is True",
    since,
  ],
  [
    "an InfisicalSecret that does not sync",
    infisical(both(prefixed("LoadedInfisicalToken"), prefixed("ReadyToSyncSecrets", "False"))),
    "progressing",
    "secrets.infisical.com/ReadyToSyncSecrets is False",
  ],
  [
    "an InfisicalSecret without its sync condition",
    infisical(prefixed("LoadedInfisicalToken")),
    "progressing",
    "its controller has said nothing",
  ],
  [
    "an extension server",
    object("apiregistration.k8s.io/v1", "APIService", {}, is("Available", "False")),
    "progressing",
    "Available is False",
  ],
  ["an Application", application("Healthy", "Synced"), "ready", "healthy and synced", null],
  [
    "an Application out of sync",
    application("Healthy", "OutOfSync"),
    "progressing",
    "health is Healthy, sync is OutOfSync",
  ],
  [
    "an Application that is not well",
    application("Degraded", "Synced"),
    "progressing",
    "health is Degraded, sync is Synced",
  ],
];

test.each(rows)("%s", (_, of, status, message, when = null) => {
  expect(readiness(of, now)).toEqual({ status, message });
  expect(readySince(of)).toBe(when);
});

test("a Deployment is ready since its rollout was over, where that came after enough pods were available", () => {
  const rollout = { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" };
  const conditions = [
    { type: "Available", status: "True", lastTransitionTime: since },
    { ...rollout, lastUpdateTime: "2026-11-21T03:06:00Z" },
  ];
  expect(readySince(deployment({ ...three, conditions }))).toBe("2026-11-21T03:06:00Z");
});
