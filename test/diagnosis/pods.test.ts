import { expect, test } from "vitest";
import {
  ago,
  condition,
  crashed,
  diagnose,
  event,
  lines,
  object,
  owner,
  waiting,
  workload,
} from "../support/namespace.ts";

const pod = "web-5d8-0";
const log = (text: string) => ({ logs: { [`${pod}/main`]: text } });

test("a crash says its exit code and its last lines", () => {
  const objects = workload("web", { status: crashed(3) });
  expect(diagnose({ objects, ...log("one\ntwo\n\nthree\nfatal: no licence\n") })).toEqual([
    {
      type: "CRASH",
      object: "Deployment/web/main",
      cause: 'container main ends again and again with exit code 3: "two | three | fatal: no licence"',
      hint: "Its last lines say what it misses.",
      affects: ["Deployment/web"],
    },
  ]);
});

test.each([
  [crashed(1), /with exit code 1, and logs nothing$/, "CRASH"],
  [crashed(139), /exit code 139 \(SIGSEGV\), and logs nothing$/, "CRASH"],
  [crashed(127), /ends with exit code 127, command not found/, "COMMAND_NOT_FOUND"],
  [crashed(126), /ends with exit code 126, command not executable/, "COMMAND_NOT_EXECUTABLE"],
  [crashed(137, 4, "OOMKilled"), /more memory than its limit of 64Mi \(OOMKilled, 4 restarts\)$/, "OUT_OF_MEMORY"],
])("what an end means: %j", (status, cause, type) => {
  const spec = { resources: { limits: { memory: "64Mi" } } };
  const causes = diagnose({ objects: workload("web", { status, spec }) });
  expect(causes).toMatchObject([{ type }]);
  expect(causes[0]!.cause).toMatch(cause);
});

test.each([
  ['exec: "shop": executable file not found in $PATH', "COMMAND_NOT_FOUND"],
  ['exec: "/start.sh": permission denied', "COMMAND_NOT_EXECUTABLE"],
  ["error during container init: error mounting /etc/x to rootfs: not a directory", "CONTAINER_NOT_CREATED"],
])("a container that cannot start: %s", (why, type) => {
  const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${why}: unknown`;
  const causes = diagnose({ objects: workload("web", { status: waiting("RunContainerError", message) }) });
  expect(causes).toMatchObject([{ type, object: "Deployment/web/main" }]);
  expect(causes[0]!.cause).toContain(why);
});

test("replicas that crash alike are one cause; an init container is called one", () => {
  const init = { spec: {}, status: crashed(1) };
  const replica = { init, status: waiting("PodInitializing") };
  expect(lines({ objects: workload("web", replica, replica), logs: { [`${pod}/init`]: "no table orders" } })).toEqual([
    'Deployment/web/init: init container init ends again and again with exit code 1: "no table orders"',
  ]);
});

test.each([
  [
    "readiness",
    { ready: false },
    "is never ready, because its readiness probe fails: HTTP probe failed with statuscode: 500",
  ],
  [
    "startup",
    { ready: false, started: false },
    "never starts up, because its startup probe fails: HTTP probe failed with statuscode: 500",
  ],
])("a %s probe that has failed for longer than it may", (name, status, cause) => {
  const spec = { [`${name}Probe`]: { periodSeconds: 10, failureThreshold: 3 } };
  const objects = workload("web", { status, spec });
  const message = `${name === "startup" ? "Startup" : "Readiness"} probe failed: HTTP probe failed with statuscode: 500`;
  const told = event(objects.at(-1)!, "Unhealthy", message, { fieldPath: "spec.containers{main}" });
  expect(lines({ objects: [...objects, told] })).toEqual([`Deployment/web/main: container main ${cause}`]);
});

test("a container that its liveness probe kills does not crash", () => {
  const objects = workload("web", { status: crashed(137), spec: { livenessProbe: {} } });
  const [about] = objects.slice(-1) as [(typeof objects)[number]];
  const events = [
    event(about, "Unhealthy", "Liveness probe failed: dial tcp 10.0.0.3:80: i/o timeout", {
      fieldPath: "spec.containers{main}",
    }),
    event(about, "Killing", "Container main failed liveness probe, will be restarted"),
  ];
  expect(lines({ objects: [...objects, ...events] })).toEqual([
    "Deployment/web/main: container main is restarted, because its liveness probe fails: dial tcp 10.0.0.3:80: i/o timeout",
  ]);
});

const secretEnv = { env: [{ name: "P", valueFrom: { secretKeyRef: { name: "shop", key: "password" } } }] };
const unconfigured = waiting("CreateContainerConfigError", 'secret "shop" not found');

test("a missing Secret, ConfigMap, key or claim is named, an optional one is not", () => {
  const blocked = { status: unconfigured, spec: secretEnv };
  expect(lines({ objects: workload("web", blocked) })).toEqual([
    "Secret/shop: Deployment/web needs Secret shop, which does not exist",
  ]);
  const secret = object("v1", "Secret", "shop", { data: { user: "" } });
  expect(lines({ objects: [...workload("web", blocked), secret] })).toEqual([
    "Secret/shop: Deployment/web needs key password of Secret shop, which has only: user",
  ]);
  const creating = waiting("ContainerCreating");
  const mount = (volume: object) => ({
    status: creating,
    spec: { volumeMounts: [{ name: "v", mountPath: "/v" }] },
    podSpec: { volumes: [{ name: "v", ...volume }] },
  });
  expect(lines({ objects: workload("web", mount({ configMap: { name: "conf" } })) })).toEqual([
    "ConfigMap/conf: Deployment/web needs ConfigMap conf, which does not exist",
  ]);
  expect(lines({ objects: workload("web", mount({ projected: { sources: [{ secret: { name: "tls" } }] } })) })).toEqual(
    ["Secret/tls: Deployment/web needs Secret tls, which does not exist"],
  );
  expect(lines({ objects: workload("web", mount({ persistentVolumeClaim: { claimName: "data" } })) })).toEqual([
    "PersistentVolumeClaim/data: Deployment/web needs claim data, which does not exist",
  ]);
  expect(lines({ objects: workload("web", mount({ secret: { secretName: "s", optional: true } })) })).toEqual([]);
});

test("a volume that cannot be attached, and a pod without a network", () => {
  const objects = workload("web", { status: waiting("ContainerCreating") });
  const about = objects.at(-1)!;
  const attach = event(
    about,
    "FailedAttachVolume",
    'AttachVolume.Attach failed for volume "pvc-1" : node still holds it',
  );
  expect(lines({ objects: [...objects, attach] })).toEqual([
    'Deployment/web: a pod of Deployment/web does not get its volume: AttachVolume.Attach failed for volume "pvc-1" : node still holds it',
  ]);
  const sandbox = event(about, "FailedCreatePodSandBox", "plugin type=calico failed");
  expect(diagnose({ objects: [...objects, sandbox] })).toMatchObject([{ type: "SANDBOX_FAILED" }]);
});

const unscheduled = (message: string, spec = {}, podSpec = {}, seconds = 60) =>
  workload("web", {
    spec,
    podSpec: { nodeName: undefined, ...podSpec },
    podStatus: {
      phase: "Pending",
      containerStatuses: [],
      conditions: [condition("PodScheduled", "False", "Unschedulable", message, seconds)],
    },
  });
const preemption = "preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.";

test.each([
  [
    "0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient memory.",
    "INSUFFICIENT_RESOURCES",
    "no node has enough cpu and memory for a pod of Deployment/web, which requests cpu 4, memory 64Gi: 1 Insufficient cpu, 2 Insufficient memory",
  ],
  [
    "0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: gpu}.",
    "NODE_TAINT",
    "no node takes a pod of Deployment/web, because of taints: 3 node(s) had untolerated taint {dedicated: gpu}",
  ],
  [
    "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
    "NODE_SELECTOR",
    "no node has the labels that a pod of Deployment/web asks for (disk=ssd): 3 node(s) didn't match Pod's node affinity/selector",
  ],
  [
    "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
    "NODE_NOT_READY",
    "no node is ready to take a pod of Deployment/web: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }",
  ],
  [
    "no nodes available to schedule pods",
    "NODE_NOT_READY",
    "no node is ready to take a pod of Deployment/web: no nodes available to schedule pods",
  ],
  [
    "0/2 nodes are available: 2 node(s) had volume node affinity conflict.",
    "VOLUME_NOT_BOUND",
    "no node can reach a volume for a pod of Deployment/web: 2 node(s) had volume node affinity conflict",
  ],
  [
    "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
    "UNSCHEDULABLE",
    "no node takes a pod of Deployment/web: 2 node(s) didn't match pod anti-affinity rules",
  ],
])("pending: %s", (message, type, cause) => {
  const spec = { resources: { requests: { cpu: "4", memory: "64Gi" } } };
  const objects = unscheduled(`${message} ${preemption}`, spec, {
    nodeSelector: { disk: "ssd" },
  });
  expect(diagnose({ objects })).toMatchObject([{ type, object: "Deployment/web", cause, affects: ["Deployment/web"] }]);
});

test("a dead node explains the pods on it, and those that wait for it", () => {
  const node = object("v1", "Node", "node-1", {
    status: {
      conditions: [condition("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")],
    },
  });
  const waiting = unscheduled(
    "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.",
  );
  const objects = [...workload("api", {}), ...waiting];
  expect(diagnose({ objects, cluster: [node] })).toMatchObject([
    {
      type: "NODE_NOT_READY",
      object: "Node/node-1",
      cause: "node node-1 is not ready: Kubelet stopped posting node status",
      affects: ["Deployment/api", "Deployment/web"],
    },
  ]);
});

const job = (status: object) => object("batch/v1", "Job", "setup", { spec: { backoffLimit: 0 }, status });
const jobFailed = job({
  failed: 1,
  conditions: [condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")],
});
const jobPod = (parent: typeof jobFailed) =>
  object("v1", "Pod", "setup-x", {
    metadata: {
      ownerReferences: [
        { apiVersion: "batch/v1", kind: "Job", name: "setup", uid: parent.metadata.uid, controller: true },
      ],
    },
    spec: { containers: [{ name: "main" }], nodeName: "node-1" },
    status: {
      phase: "Failed",
      containerStatuses: [
        {
          name: "main",
          image: "i",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 2, reason: "Error", finishedAt: ago(30) } },
        },
      ],
    },
  });

test("a failed job is told by its pod's last lines, by itself where the pod is gone", () => {
  expect(lines({ objects: [jobFailed, jobPod(jobFailed)], logs: { "setup-x/main": "template is invalid" } })).toEqual([
    'Job/setup/main: job failed: container main ended with exit code 2: "template is invalid"',
  ]);
  expect(lines({ objects: [jobFailed] })).toEqual([
    "Job/setup: job setup failed (BackoffLimitExceeded): Job has reached the specified backoff limit",
  ]);
});

test("a job of a CronJob is told of as the job", () => {
  const cron = object("batch/v1", "CronJob", "nightly");
  const run = { ...jobFailed, metadata: { ...jobFailed.metadata, ...owner(cron) } };
  expect(diagnose({ objects: [cron, run, jobPod(run)] })).toMatchObject([
    { type: "JOB_FAILED", object: "Job/setup/main" },
  ]);
});

test("a job that lacks a right", () => {
  const line =
    'pods is forbidden: User "system:serviceaccount:shop:setup" cannot list resource "pods" in API group "apps" in the namespace "shop"';
  expect(diagnose({ objects: [jobFailed, jobPod(jobFailed)], logs: { "setup-x/main": line } })).toMatchObject([
    {
      type: "RBAC",
      cause:
        "service account setup lacks a right: User system:serviceaccount:shop:setup cannot list resource pods in API group apps in the namespace shop",
    },
  ]);
});

test("a job that has another try left, or was lucky with it, has not failed", () => {
  const trying = job({ failed: 1, active: 1 });
  expect(lines({ objects: [trying, jobPod(trying)] })).toEqual([]);
  const lucky = job({ failed: 2, succeeded: 1, conditions: [condition("Complete", "True")] });
  expect(lines({ objects: [lucky, jobPod(lucky)] })).toEqual([]);
});

test("a rollout without progress is told of only where nothing deeper is known", () => {
  const objects = workload("web", { podStatus: { containerStatuses: [] } });
  const message = 'ReplicaSet "web-5d8" has timed out progressing.';
  objects[0]!.status = { conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded", message)] };
  expect(lines({ objects })).toEqual([
    'Deployment/web: deployment web makes no progress (ProgressDeadlineExceeded): ReplicaSet "web-5d8" has timed out progressing',
  ]);
  const crashing = workload("web", { status: crashed(1) });
  crashing[0]!.status = objects[0]!.status;
  expect(diagnose({ objects: crashing })).toMatchObject([{ type: "CRASH" }]);
});

test("an init container that waits for nobody knows what is a cause only after a minute", () => {
  const running = (seconds: number) => ({ state: { running: { startedAt: ago(seconds) } } });
  const objects = (seconds: number) =>
    workload("web", { init: { spec: {}, status: running(seconds) }, status: waiting("PodInitializing") });
  expect(lines({ objects: objects(50) })).toEqual([]);
  expect(lines({ objects: objects(70), logs: { [`${pod}/init`]: "waiting for migration" } })).toEqual([
    'Deployment/web/init: init container init does not end: "waiting for migration"',
  ]);
});
