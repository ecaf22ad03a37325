import { expect, test } from "vitest";
import {
  ago,
  condition,
  crashed,
  diagnose,
  event,
  lines,
  object,
  service,
  waiting,
  workload,
} from "../support/namespace.ts";

/** One cause for the whole tree; and none for what is merely on its way. */

const missingImage = { status: waiting("ErrImagePull", "registry.example.com/shop:1: not found") };
const refusing = (host: string) =>
  `connection to server at "${host}" (10.96.0.2), port 5432 failed: Connection refused`;

test("three workloads that miss one Secret, made by one custom resource: one cause", () => {
  const blocked = {
    status: waiting("CreateContainerConfigError", 'secret "shop" not found'),
    spec: { envFrom: [{ secretRef: { name: "shop" } }] },
  };
  const secret = object("secrets.infisical.com/v1alpha1", "InfisicalSecret", "shop", {
    spec: { managedSecretReference: { secretName: "shop" } },
    status: {
      conditions: [condition("secrets.infisical.com/ReadyToSyncSecrets", "False", "Error", "401 Unauthorized")],
    },
  });
  const objects = ["api", "web", "worker"].flatMap((name) => workload(name, blocked));
  expect(diagnose({ objects: [...objects, secret] })).toMatchObject([
    {
      object: "InfisicalSecret.secrets.infisical.com/shop",
      type: "NOT_SYNCED",
      affects: ["Deployment/api", "Deployment/web", "Deployment/worker"],
    },
  ]);
});

test("an application that crashes because its database's image is missing: the image", () => {
  const objects = [
    ...workload("db", missingImage),
    ...service("db", { app: "db" }),
    ...workload("web", { status: crashed(1) }),
  ];
  const causes = diagnose({ objects, logs: { "web-5d8-0/main": refusing("db") } });
  expect(causes).toMatchObject([
    {
      type: "IMAGE_NOT_FOUND",
      object: "Deployment/db/main",
      affects: ["Deployment/db", "Service/db", "Deployment/web"],
    },
  ]);
});

test("an Ingress, its Service and its pods are one tree", () => {
  const ingress = object("networking.k8s.io/v1", "Ingress", "web", {
    spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } },
  });
  const objects = [ingress, ...service("web", { app: "web" }), ...workload("web", missingImage)];
  expect(diagnose({ objects })).toMatchObject([
    { type: "IMAGE_NOT_FOUND", affects: ["Ingress/web", "Service/web", "Deployment/web"] },
  ]);
});

test("pods that wait for a volume are explained by the claim's class", () => {
  const claim = object("v1", "PersistentVolumeClaim", "data", {
    spec: { storageClassName: "longhorn" },
    status: { phase: "Pending" },
  });
  const message =
    "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/1 nodes are available";
  const pending = {
    podSpec: { nodeName: undefined, volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] },
    spec: { volumeMounts: [{ name: "v" }] },
    podStatus: { containerStatuses: [], conditions: [condition("PodScheduled", "False", "Unschedulable", message)] },
  };
  expect(diagnose({ objects: [claim, ...workload("db", pending)] })).toMatchObject([
    { type: "STORAGE_CLASS_MISSING", affects: ["PersistentVolumeClaim/data", "Deployment/db"] },
  ]);
});

test("a claim that waits for its first consumer is as well as that pod", () => {
  const claim = object("v1", "PersistentVolumeClaim", "data", {
    spec: { storageClassName: "local" },
    status: { phase: "Pending" },
  });
  const cluster = [object("storage.k8s.io/v1", "StorageClass", "local", { provisioner: "local" })];
  const told = event(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
  expect(lines({ objects: [claim, told], cluster })).toEqual([]);
  const taints = "0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: db}.";
  const pending = {
    podSpec: { nodeName: undefined, volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] },
    podStatus: { containerStatuses: [], conditions: [condition("PodScheduled", "False", "Unschedulable", taints)] },
  };
  expect(diagnose({ objects: [claim, told, ...workload("db", pending)], cluster })).toMatchObject([
    { type: "NODE_TAINT", affects: ["PersistentVolumeClaim/data", "Deployment/db"] },
  ]);
});

test("a webhook of the same namespace whose own pods are broken", () => {
  const message =
    'Error creating: Internal error occurred: failed calling webhook "v.shop": failed to call webhook: Post "https://hook.shop.svc:443/": no endpoints available for service "hook"';
  const web = workload("web");
  web[1]!.spec = { replicas: 1 };
  web[0]!.spec = { replicas: 1 };
  const objects = [
    ...web,
    event(web[1]!, "FailedCreate", message),
    ...service("hook", { app: "hook" }),
    ...workload("hook", missingImage),
  ];
  expect(diagnose({ objects })).toMatchObject([
    { type: "IMAGE_NOT_FOUND", affects: ["Deployment/web", "Service/hook", "Deployment/hook"] },
  ]);
});

test("two faults that have nothing to do with each other are two causes, the one that explains most first", () => {
  const objects = [
    ...workload("a", { status: crashed(1) }),
    ...workload("b", missingImage),
    ...workload("c", missingImage),
  ];
  expect(diagnose({ objects })).toMatchObject([
    { type: "IMAGE_NOT_FOUND", affects: ["Deployment/b", "Deployment/c"] },
    { type: "CRASH", affects: ["Deployment/a"] },
  ]);
});

test("workloads that wait for each other explain nothing of each other", () => {
  const crash = { status: crashed(1) };
  const [a, b] = ["a", "b"].map((name) => [...workload(name, crash), ...service(name, { app: name })]);
  const logs = { "a-5d8-0/main": refusing("b"), "b-5d8-0/main": refusing("a") };
  expect(diagnose({ objects: [...a!, ...b!], logs })).toMatchObject([
    { type: "CRASH", object: "Deployment/a/main" },
    { type: "CRASH", object: "Deployment/b/main" },
  ]);
});

test("a Service of the namespace that is missing is the cause of all who name it; another host is not", () => {
  const crash = { status: crashed(1) };
  const objects = [...workload("a", crash), ...workload("b", crash)];
  const of = (a: string, b: string) => diagnose({ objects, logs: { "a-5d8-0/main": a, "b-5d8-0/main": b } });
  expect(of("Error: getaddrinfo ENOTFOUND db", "lookup db.shop.svc.cluster.local: no such host")).toMatchObject([
    {
      type: "SERVICE_MISSING",
      cause: 'Service db does not exist, and container main needs it: "Error: getaddrinfo ENOTFOUND db"',
      affects: ["Deployment/a", "Deployment/b"],
    },
  ]);
  expect(
    of("lookup api.example.com: no such host", "lookup api.example.com.shop.svc.cluster.local: no such host"),
  ).toMatchObject([
    {
      type: "DNS",
      cause: 'container main cannot resolve api.example.com: "lookup api.example.com: no such host"',
      affects: ["Deployment/a", "Deployment/b"],
    },
  ]);
});

test("a database that is scaled to zero is the cause of who waits for it", () => {
  const db = workload("db");
  db[0]!.spec = { ...db[0]!.spec, replicas: 0 };
  db[1]!.spec = { replicas: 0 };
  const objects = [...db, ...service("db", { app: "db" }), ...workload("web", { status: crashed(1) })];
  expect(diagnose({ objects, logs: { "web-5d8-0/main": refusing("db") } })).toMatchObject([
    {
      object: "Service/db",
      cause: "service db has no pods, because Deployment/db is scaled to zero",
      affects: ["Service/db", "Deployment/web"],
    },
  ]);
});

test("a peer that is ready and refuses all the same is a cause of its own", () => {
  const db = workload("db", { ready: true });
  db[2]!.status = { ...db[2]!.status, conditions: [condition("Ready", "True", "", "", 100)] };
  const objects = [...db, ...service("db", { app: "db" }, "db-5d8-0"), ...workload("web", { status: crashed(1) })];
  const logs = { "web-5d8-0/main": refusing("db") };
  expect(lines({ objects, logs })).toEqual([
    `Deployment/web/main: container main cannot reach Service/db, which has ready pods: "${refusing("db").replaceAll('"', '"')}"`,
  ]);
});

/** What a healthy recovery looks like while it is not over. */
const young = { seconds: 5 };
const transients: [string, () => Parameters<typeof lines>[0]][] = [
  [
    "a container that is being created",
    () => ({ objects: workload("web", { status: waiting("ContainerCreating"), seconds: 40 }) }),
  ],
  [
    "a pod that misses a Secret for seconds",
    () => ({
      objects: workload("web", {
        ...young,
        status: waiting("CreateContainerConfigError"),
        spec: { envFrom: [{ secretRef: { name: "x" } }] },
      }),
    }),
  ],
  [
    "a pod that nobody took for 14 s",
    () => {
      const conditions = [
        condition("PodScheduled", "False", "Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 14),
      ];
      return { objects: workload("web", { podStatus: { containerStatuses: [], conditions } }) };
    },
  ],
  [
    "a claim that is seconds old",
    () => ({
      objects: [
        object("v1", "PersistentVolumeClaim", "data", {
          metadata: { creationTimestamp: ago(10) },
          status: { phase: "Pending" },
        }),
      ],
    }),
  ],
  [
    "a container within the time that its probe may fail",
    () => {
      const objects = workload("web", {
        spec: { readinessProbe: { periodSeconds: 10, failureThreshold: 6 } },
        seconds: 60,
      });
      return {
        objects: [
          ...objects,
          event(objects[2]!, "Unhealthy", "Readiness probe failed: connection refused", {
            fieldPath: "spec.containers{main}",
          }),
        ],
      };
    },
  ],
  [
    "a readiness probe that begins only after the startup probe",
    () => ({
      objects: workload("web", {
        spec: { startupProbe: { periodSeconds: 10, failureThreshold: 30 }, readinessProbe: { periodSeconds: 1 } },
        seconds: 120,
      }),
    }),
  ],
  ["a container that crashed once and waits", () => ({ objects: workload("web", { status: crashed(1, 1) }) })],
  [
    "a container that crashed once and runs",
    () => ({
      objects: workload("web", {
        status: { restartCount: 1, lastState: { terminated: { exitCode: 1, finishedAt: ago(20) } } },
      }),
    }),
  ],
  [
    "a container that crashed often and is ready now",
    () => ({
      objects: workload("web", {
        ready: true,
        status: { ...crashed(1, 7), state: { running: { startedAt: ago(90) } } },
      }),
    }),
  ],
  [
    "an application that crashes until its database is up",
    () => {
      const db = workload("db", { spec: { readinessProbe: { periodSeconds: 10, failureThreshold: 12 } }, seconds: 60 });
      const objects = [...db, ...service("db", { app: "db" }), ...workload("web", { status: crashed(1) })];
      return { objects, logs: { "web-5d8-0/main": refusing("db") } };
    },
  ],
  [
    "an application that has not tried again since its database is up",
    () => {
      const db = workload("db", { ready: true });
      db[2]!.status = { ...db[2]!.status, conditions: [condition("Ready", "True", "", "", 10)] };
      const objects = [
        ...db,
        ...service("db", { app: "db" }, "db-5d8-0"),
        ...workload("web", { status: crashed(1, 3, "Error", 20) }),
      ];
      return { objects, logs: { "web-5d8-0/main": refusing("db") } };
    },
  ],
  [
    "a Secret that was deleted and that a ready pod does not miss",
    () => ({ objects: workload("web", { ready: true, spec: { envFrom: [{ secretRef: { name: "gone" } }] } }) }),
  ],
  [
    "old events about a pod that is ready now",
    () => {
      const objects = workload("web", { ready: true });
      return {
        objects: [
          ...objects,
          event(objects[2]!, "FailedMount", "timed out"),
          event(objects[1]!, "FailedCreate", "exceeded quota: q, requested: pods=1"),
          event(objects[2]!, "Failed", 'Failed to pull image "x": not found'),
        ],
      };
    },
  ],
  [
    "events about a pod that is gone",
    () => {
      const objects = workload("web", { ready: true });
      const gone = object("v1", "Pod", "web-5d8-9", { metadata: { uid: "gone" } });
      return {
        objects: [
          ...objects,
          event(gone, "FailedScheduling", "0/1 nodes are available"),
          event(gone, "BackOff", "Back-off restarting"),
        ],
      };
    },
  ],
  [
    "events about a namesake that is gone",
    () => {
      const [deployment, replicaSet] = workload("web", { status: waiting("ContainerCreating") });
      const before = object("v1", "Pod", "web-0", { metadata: { uid: "before" } });
      return {
        objects: [
          deployment!,
          replicaSet!,
          object("v1", "Pod", "web-0", {
            status: { containerStatuses: [{ name: "main", restartCount: 0, ...waiting("ContainerCreating") }] },
            spec: { nodeName: "n", containers: [{ name: "main" }] },
          }),
          event(before, "FailedMount", "driver not found"),
        ],
      };
    },
  ],
  [
    "a pod that is being deleted",
    () => ({ objects: workload("web", { status: crashed(1), metadata: { deletionTimestamp: ago(5) } }) }),
  ],
  [
    "a mount that failed once",
    () => {
      const objects = workload("web", { status: waiting("ContainerCreating"), seconds: 40 });
      return {
        objects: [...objects, event(objects[2]!, "FailedMount", "driver not registered", { first: 20, count: 1 })],
      };
    },
  ],
  [
    "a rollout that progresses",
    () => {
      const objects = workload("web", { seconds: 10 });
      objects[0]!.status = { conditions: [condition("Progressing", "True", "ReplicaSetUpdated", "")] };
      return { objects };
    },
  ],
];

test.each(transients)("no cause: %s", (_, scene) => {
  expect(lines(scene())).toEqual([]);
});
