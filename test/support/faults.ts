/** Namespaces that are broken on purpose, and the first line of what a diagnosis is to say of each. */

export interface Fault {
  /** Its namespace, too. */
  name: string;
  manifests: string;
  /** "OBJECT: CAUSE" */
  says: RegExp;
  /** Of the expected objects those that the cause explains; all of its workloads where nothing is said. */
  affects?: string[];
  /** Labels of the namespace. */
  labels?: Record<string, string>;
  /** The namespace is deleted once all is in it. */
  deleted?: boolean;
  /** What Git has of it, below a folder of its name; expected, too. */
  files?: Record<string, string>;
  /** What Git has beside that. */
  more?: Record<string, string>;
  /** Objects of Flux; REPOSITORY stands for the address of what Git has. */
  gitops?: string;
}

const indent = (text: string, spaces: number) => text.replace(/^(?=.)/gm, " ".repeat(spaces));

/** @param container the lines of its one container, without a name; @param pod more lines of its spec */
function deployment(name: string, container: string, pod = "", replicas = 1): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
${indent(pod.trim(), 6)}
      containers:
        - name: main
${indent(container.trim(), 10)}
---`;
}

const busybox = "image: localhost/busybox:1\nimagePullPolicy: Never";
const run = (script: string) => `${busybox}\ncommand: [sh, -c, ${JSON.stringify(script)}]`;
const sleeping = run("sleep 10000");
const image = (name: string) => `image: ${name}\nimagePullPolicy: IfNotPresent`;

function job(name: string, script: string, spec = "backoffLimit: 0"): string {
  return `
apiVersion: batch/v1
kind: Job
metadata: { name: ${name} }
spec:
  ${spec}
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
${indent(run(script), 10)}
---`;
}

const service = (name: string, app = name) => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${app} }, ports: [{ port: 80 }] }
---`;

const claim = (name: string, spec: string) => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name} }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } }, ${spec} }
---`;

const mounting = `${sleeping}\nvolumeMounts: [{ name: data, mountPath: /data }]`;
const withClaim = "volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]";

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shop }\ndata: { a: b }\n";

function kustomization(name: string, more = "", source = "faults"): string {
  const spec = `sourceRef: { kind: GitRepository, name: ${source} }, path: ./${name}, prune: true, interval: 10m, targetNamespace: ${name}`;
  return `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec: { ${spec}${more && `, ${more}`} }`;
}

/** Of the whole cluster; each says which namespace it is for. */
export const shared = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: infisicalsecrets.secrets.infisical.com }
spec:
  group: secrets.infisical.com
  scope: Namespaced
  names: { kind: InfisicalSecret, plural: infisicalsecrets }
  versions:
    - name: v1alpha1
      served: true
      storage: true
      subresources: { status: {} }
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: nobody }
provisioner: storage.example.com
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: faults-old }
spec:
  capacity: { storage: 1Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: hand
  hostPath: { path: /tmp/faults-old }
  claimRef: { namespace: volume-of-other, name: elsewhere }
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: faults-new }
spec:
  capacity: { storage: 1Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: hand
  hostPath: { path: /tmp/faults-new }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: faults }
webhooks:
  - name: policy.example.com
    clientConfig: { service: { name: policy, namespace: default, path: / } }
    rules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods] }]
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: webhook-gone } }
    failurePolicy: Fail
    sideEffects: None
    admissionReviewVersions: [v1]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: team-label }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods] }]
  validations: [{ expression: "has(object.metadata.labels) && 'team' in object.metadata.labels", message: every pod needs a team }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: team-label }
spec:
  policyName: team-label
  validationActions: [Deny]
  matchResources: { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: policy-refuses } } }
---`;

/** @param registry where the fake registry listens, as the node sees it */
export const faults = (registry: string): Fault[] => [
  {
    name: "image-missing",
    manifests: deployment("web", image(`${registry}/missing/web:1.4`), "", 2),
    says: /^Deployment\/web\/main: image localhost:\d+\/missing\/web:1\.4 does not exist in registry localhost:\d+$/,
  },
  {
    name: "image-refused",
    manifests: deployment("web", image(`${registry}/private/web:1`)),
    says: /^Deployment\/web\/main: registry localhost:\d+ refuses image localhost:\d+\/private\/web:1 without a pull secret$/,
  },
  {
    name: "pull-secret-gone",
    manifests: deployment("web", image(`${registry}/private/web:2`), "imagePullSecrets: [{ name: regcred }]"),
    says: /^Deployment\/web\/main: pull secret regcred does not exist, and registry localhost:\d+ does not serve image localhost:\d+\/private\/web:2 without it$/,
  },
  {
    name: "image-rate",
    manifests: deployment("web", image(`${registry}/limited/web:1`)),
    says: /^Deployment\/web\/main: registry localhost:\d+ refuses to serve image localhost:\d+\/limited\/web:1: its rate limit is reached \(429\)$/,
  },
  {
    name: "registry-down",
    manifests: deployment("web", image("localhost:5999/shop/web:1")),
    says: /^Deployment\/web\/main: registry localhost:5999 cannot be reached for image localhost:5999\/shop\/web:1: .*connection refused$/,
  },
  {
    name: "registry-unknown",
    manifests: deployment("web", image("registry.invalid/shop/web:1")),
    says: /^Deployment\/web\/main: registry registry\.invalid cannot be reached for image registry\.invalid\/shop\/web:1: .*lookup registry\.invalid/,
  },
  {
    name: "image-misspelt",
    manifests: deployment("web", image("localhost/Web:1:2")),
    says: /^Deployment\/web\/main: image name localhost\/Web:1:2 is not valid$/,
  },
  {
    name: "image-never",
    manifests: deployment("web", "image: localhost/nowhere:1\nimagePullPolicy: Never"),
    says: /^Deployment\/web\/main: image localhost\/nowhere:1 is not on the node/,
  },
  {
    name: "crash",
    manifests: deployment("web", run("echo starting; echo 'fatal: no licence'; exit 3")),
    says: /^Deployment\/web\/main: container main ends again and again with exit code 3: "starting \| fatal: no licence"$/,
  },
  {
    name: "memory",
    manifests: deployment("web", `${run("tail /dev/zero")}\nresources: { limits: { memory: 16Mi } }`),
    says: /^Deployment\/web\/main: container main was killed because it needs more memory than its limit of 16Mi \(OOMKilled/,
  },
  {
    name: "command-127",
    manifests: deployment("web", run("start-shop --now")),
    says: /^Deployment\/web\/main: container main ends with exit code 127, command not found: "sh: start-shop: not found"$/,
  },
  {
    name: "command-absent",
    manifests: deployment("web", `${busybox}\ncommand: [start-shop]`),
    says: /^Deployment\/web\/main: the command of container main is not in its image: exec: "start-shop": executable file not found/,
  },
  {
    name: "command-126",
    manifests: deployment("web", run("echo exit > /tmp/start; /tmp/start")),
    says: /^Deployment\/web\/main: container main ends with exit code 126, command not executable: "sh: \/tmp\/start: Permission denied"$/,
  },
  {
    name: "init-fails",
    manifests: deployment(
      "web",
      sleeping,
      `initContainers:\n  - name: migrate\n${indent(run("echo 'relation orders does not exist'; exit 1"), 4)}`,
    ),
    says: /^Deployment\/web\/migrate: init container migrate ends again and again with exit code 1: "relation orders does not exist"$/,
  },
  {
    name: "secret-absent",
    manifests: [1, 2, 3]
      .map((n) => deployment(`web-${n}`, `${sleeping}\nenvFrom: [{ secretRef: { name: shop } }]`))
      .join("\n"),
    says: /^Secret\/shop: Deployment\/web-\d needs Secret shop, which does not exist$/,
    affects: ["Deployment/web-1", "Deployment/web-2", "Deployment/web-3"],
  },
  {
    name: "secret-not-synced",
    manifests: `${["api", "web", "worker"]
      .map((name) => deployment(name, `${sleeping}\nenvFrom: [{ secretRef: { name: shop } }]`))
      .join("\n")}
apiVersion: secrets.infisical.com/v1alpha1
kind: InfisicalSecret
metadata: { name: shop }
spec: { resyncInterval: 3600, managedSecretReference: { secretName: shop, secretNamespace: secret-not-synced } }
status:
  conditions:
    - type: secrets.infisical.com/LoadedInfisicalToken
      status: "True"
      reason: OK
      message: loaded
      lastTransitionTime: "2026-11-27T00:00:00Z"
    - type: secrets.infisical.com/ReadyToSyncSecrets
      status: "False"
      reason: Error
      message: "Failed to sync secrets. This can be caused by invalid access token or an invalid API host that is set. Check operator logs for more info. Error: 401 Unauthorized"
      lastTransitionTime: "2026-11-27T00:00:00Z"`,
    says: /^InfisicalSecret\.secrets\.infisical\.com\/shop: InfisicalSecret shop does not bring its secret shop: Failed to sync secrets.*401 Unauthorized$/,
    affects: ["Deployment/api", "Deployment/web", "Deployment/worker", "InfisicalSecret.secrets.infisical.com/shop"],
  },
  {
    name: "key-absent",
    manifests: `${deployment("web", `${sleeping}\nenv: [{ name: A, valueFrom: { secretKeyRef: { name: shop, key: password } } }]`)}
apiVersion: v1
kind: Secret
metadata: { name: shop }
stringData: { pasword: hunter2-is-secret }`,
    says: /^Secret\/shop: Deployment\/web needs key password of Secret shop, which has only: pasword$/,
    affects: ["Deployment/web"],
  },
  {
    name: "config-absent",
    manifests: deployment(
      "web",
      `${sleeping}\nvolumeMounts: [{ name: c, mountPath: /c }]`,
      "volumes: [{ name: c, configMap: { name: shop-config } }]",
    ),
    says: /^ConfigMap\/shop-config: Deployment\/web needs ConfigMap shop-config, which does not exist$/,
  },
  {
    name: "readiness",
    manifests: deployment(
      "web",
      `${run("sleep 10000")}\nreadinessProbe: { httpGet: { port: 8080, path: /health }, periodSeconds: 1, failureThreshold: 2 }`,
    ),
    says: /^Deployment\/web\/main: container main is never ready, because its readiness probe fails: Get "http:\/\/.*:8080\/health": dial tcp .*connection refused$/,
  },
  {
    name: "liveness",
    manifests: deployment(
      "web",
      `${run("sleep 10000")}\nlivenessProbe: { exec: { command: [sh, -c, echo stale lock; exit 1] }, periodSeconds: 1, failureThreshold: 1 }`,
    ),
    says: /^Deployment\/web\/main: container main is restarted, because its liveness probe fails: stale lock$/,
  },
  {
    name: "startup",
    manifests: deployment(
      "web",
      `${run("sleep 10000")}\nstartupProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1, failureThreshold: 3 }`,
    ),
    says: /^Deployment\/web\/main: container main never starts up, because its startup probe fails: dial tcp .*:5432: connect: connection refused$/,
  },
  {
    name: "too-big",
    manifests: deployment("web", `${sleeping}\nresources: { requests: { cpu: "900" } }`),
    says: /^Deployment\/web: no node has enough cpu for a pod of Deployment\/web, which requests cpu 900: 1 Insufficient cpu$/,
  },
  {
    name: "no-such-node",
    manifests: deployment("web", sleeping, "nodeSelector: { disk: ssd }"),
    says: /^Deployment\/web: no node has the labels that a pod of Deployment\/web asks for \(disk=ssd\): 1 node\(s\) didn't match Pod's node affinity\/selector$/,
  },
  {
    name: "class-absent",
    manifests: `${deployment("web", mounting, withClaim)}${claim("data", "storageClassName: longhorn")}`,
    says: /^PersistentVolumeClaim\/data: StorageClass longhorn of claim data does not exist$/,
    affects: ["Deployment/web", "PersistentVolumeClaim/data"],
  },
  {
    name: "class-default",
    manifests: `${deployment("web", mounting, withClaim)}${claim("data", "volumeMode: Filesystem")}`,
    says: /^PersistentVolumeClaim\/data: claim data names no StorageClass, and the cluster has no default one$/,
    affects: ["Deployment/web", "PersistentVolumeClaim/data"],
  },
  {
    name: "provisioner-gone",
    manifests: `${deployment("web", mounting, withClaim)}${claim("data", "storageClassName: nobody")}`,
    says: /^PersistentVolumeClaim\/data: provisioner storage\.example\.com of StorageClass nobody does not answer, so claim data gets no volume$/,
    affects: ["Deployment/web", "PersistentVolumeClaim/data"],
  },
  {
    name: "volume-of-other",
    manifests: `${deployment("web", mounting, withClaim)}${claim("data", "storageClassName: hand, volumeName: faults-old")}`,
    says: /^PersistentVolumeClaim\/data: claim data asks for PersistentVolume faults-old, which is .* for claim volume-of-other\/elsewhere$/,
    affects: ["Deployment/web", "PersistentVolumeClaim/data"],
  },
  {
    name: "quota",
    manifests: `
apiVersion: v1
kind: ResourceQuota
metadata: { name: compute }
spec: { hard: { pods: "0" } }
---${deployment("web", sleeping)}${deployment("api", sleeping)}`,
    says: /^ResourceQuota\/compute: ResourceQuota compute leaves no room for a pod of Deployment\/\w+: requested: pods=1, used: pods=0, limited: pods=0$/,
    affects: ["Deployment/api", "Deployment/web"],
  },
  {
    name: "limit-range",
    manifests: `
apiVersion: v1
kind: LimitRange
metadata: { name: sizes }
spec: { limits: [{ type: Container, max: { memory: 64Mi } }] }
---${deployment("web", `${sleeping}\nresources: { limits: { memory: 1Gi } }`)}`,
    says: /^LimitRange\/sizes: a LimitRange refuses a pod of Deployment\/web: maximum memory usage per Container is 64Mi, but limit is 1Gi$/,
    affects: ["Deployment/web"],
  },
  {
    name: "pod-security",
    labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    manifests: deployment("web", sleeping),
    says: /^Deployment\/web: Pod Security level restricted:latest of the namespace refuses a pod of Deployment\/web: allowPrivilegeEscalation != false/,
  },
  {
    name: "webhook-gone",
    manifests: deployment("web", sleeping),
    says: /^Webhook\/policy\.example\.com: admission webhook policy\.example\.com \(Service default\/policy\) does not answer, so no pod of Deployment\/web is created: service "policy" not found$/,
  },
  {
    name: "webhook-refuses",
    manifests: deployment("web", sleeping),
    says: /^Webhook\/webhook-refuses\.example\.com: admission webhook webhook-refuses\.example\.com refuses a pod of Deployment\/web: every pod needs an owner$/,
  },
  {
    name: "webhook-late",
    manifests: deployment("web", sleeping),
    says: /^Webhook\/webhook-late\.example\.com: admission webhook webhook-late\.example\.com does not answer, so no pod of Deployment\/web is created: context deadline exceeded$/,
  },
  {
    name: "policy-refuses",
    manifests: deployment("web", sleeping),
    says: /^ValidatingAdmissionPolicy\/team-label: ValidatingAdmissionPolicy team-label \(binding team-label\) refuses a pod of Deployment\/web: every pod needs a team$/,
  },
  {
    name: "account-gone",
    manifests: deployment("web", sleeping, "serviceAccountName: shop"),
    says: /^ServiceAccount\/shop: ServiceAccount shop does not exist, so no pod of Deployment\/web is created$/,
  },
  {
    name: "job-rights",
    manifests: job(
      "setup",
      `echo 'Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:job-rights:default" cannot list resource "secrets" in API group "" in the namespace "job-rights"'; exit 1`,
    ),
    says: /^Job\/setup\/main: service account default lacks a right: User system:serviceaccount:job-rights:default cannot list resource secrets in API group  ?in the namespace job-rights$/,
  },
  {
    name: "job-fails",
    manifests: job("setup", "echo 'seeding'; echo 'template is invalid'; exit 2"),
    says: /^Job\/setup\/main: job failed: container main ended with exit code 2: "seeding \| template is invalid"$/,
  },
  {
    name: "job-late",
    manifests: job("setup", "sleep 10000", "activeDeadlineSeconds: 3"),
    says: /^Job\/setup: job setup failed \(DeadlineExceeded\): Job was active longer than specified deadline$/,
  },
  {
    name: "database-image",
    manifests: `${deployment("db", image(`${registry}/missing/os-shell:12`))}${service("db")}${deployment(
      "web",
      run("nc db.database-image.svc.cluster.local 80 </dev/null || exit 1"),
    )}`,
    says: /^Deployment\/db\/main: image localhost:\d+\/missing\/os-shell:12 does not exist/,
    affects: ["Deployment/db", "Deployment/web", "Service/db"],
  },
  {
    name: "service-gone",
    manifests: deployment("web", run("nslookup database || exit 1")),
    says: /^Deployment\/web\/main: Service database does not exist, and container main needs it: "\*\* server can't find database\.\S+: NXDOMAIN"$/,
  },
  {
    name: "host-unknown",
    manifests: deployment("web", run("nslookup store.example.com || exit 1")),
    says: /^Deployment\/web\/main: container main cannot resolve store\.example\.com: "\*\* server can't find store\.example\.com: SERVFAIL"$/,
  },
  {
    name: "wrong-port",
    manifests: `${deployment("db", `${run("httpd -f -p 80 -h /tmp")}\nreadinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 }`)}
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { selector: { app: db }, ports: [{ port: 80, targetPort: 81 }] }
---${deployment("web", run("sleep 3; nc db.wrong-port.svc.cluster.local 80 </dev/null || exit 1"))}`,
    says: /^Deployment\/web\/main: container main cannot reach Service\/db, which has ready pods: "nc: can't connect to remote host \(.*\): Connection refused"$/,
    affects: ["Deployment/web"],
  },
  {
    name: "selector",
    manifests: `${deployment("web", sleeping)}${service("web", "wbe")}`,
    says: /^Service\/web: service web selects pods with app=wbe, and there are none, while those of Deployment\/web have app=web$/,
    affects: ["Service/web"],
  },
  {
    name: "ingress",
    manifests: `${deployment("web", sleeping)}${service("web")}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { ingressClassName: nginx, defaultBackend: { service: { name: web, port: { number: 80 } } } }`,
    says: /^Ingress\/web: IngressClass nginx of ingress web does not exist$/,
    affects: ["Ingress/web"],
  },
  {
    name: "ingress-backend",
    manifests: `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { defaultBackend: { service: { name: front, port: { number: 80 } } } }`,
    says: /^Ingress\/web: Service front, a backend of ingress web, does not exist$/,
    affects: ["Ingress/web"],
  },
  {
    name: "terminating",
    manifests: `
apiVersion: v1
kind: ConfigMap
metadata: { name: held, finalizers: [backup.example.com/keep] }`,
    deleted: true,
    says: /^ConfigMap\/held: namespace terminating cannot go: finalizer backup\.example\.com\/keep holds ConfigMap\/held for \d+ s now$/,
    affects: ["ConfigMap/held"],
  },
  {
    name: "flux-suspended",
    manifests: "",
    files: { "shop.yaml": configMap },
    gitops: kustomization("flux-suspended", "suspend: true"),
    says: /^Kustomization\/flux-system\/flux-suspended: Kustomization flux-suspended is suspended, so Flux does not bring back what it makes$/,
  },
  {
    name: "flux-branch",
    manifests: "",
    files: { "shop.yaml": configMap },
    gitops: `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-branch, namespace: flux-system }
spec: { url: "REPOSITORY", ref: { branch: gone }, interval: 10m }
---${kustomization("flux-branch", "", "flux-branch")}`,
    says: /^GitRepository\/flux-system\/flux-branch: GitRepository flux-branch \(http:.*\) cannot be fetched: .*/,
  },
  {
    name: "flux-source",
    manifests: "",
    files: { "shop.yaml": configMap },
    gitops: kustomization("flux-source", "", "nowhere"),
    says: /^Kustomization\/flux-system\/flux-source: source GitRepository\/flux-system\/nowhere of Kustomization\/flux-system\/flux-source does not exist$/,
  },
  {
    name: "flux-build",
    manifests: "",
    files: { "shop.yaml": configMap },
    more: { "flux-build/broken.yaml": "kind: [ConfigMap\nmetadata: }\n" },
    gitops: kustomization("flux-build"),
    says: /^Kustomization\/flux-system\/flux-build: Kustomization flux-build cannot be built: .*/,
  },
  {
    name: "flux-path",
    manifests: "",
    files: { "shop.yaml": configMap },
    gitops: kustomization("flux-path").replace("path: ./flux-path", "path: ./flux-paths"),
    says: /^Kustomization\/flux-system\/flux-path: Kustomization flux-path cannot be built: .*path not found.*/,
  },
  {
    name: "flux-needs",
    manifests: "",
    files: { "shop.yaml": configMap },
    gitops: kustomization("flux-needs", "dependsOn: [{ name: operators }]"),
    says: /^Kustomization\/flux-system\/flux-needs: Kustomization flux-needs depends on Kustomization\/flux-system\/operators, which does not exist$/,
  },
  {
    name: "flux-immutable",
    manifests: deployment("web", sleeping),
    files: { "shop.yaml": configMap, "web.yaml": deployment("web", sleeping).replaceAll("app: web", "app: shop") },
    gitops: kustomization("flux-immutable"),
    says: /^Kustomization\/flux-system\/flux-immutable: Kustomization flux-immutable cannot be applied \(ReconciliationFailed\): .*Deployment\/flux-immutable\/web.*immutable.*/,
    affects: ["ConfigMap/shop"],
  },
  {
    name: "flux-layers",
    manifests: "",
    files: { "shop.yaml": configMap },
    gitops: `${kustomization("flux-layers-data", "wait: true, timeout: 5s, retryInterval: 5s")}
---${kustomization("flux-layers", "dependsOn: [{ name: flux-layers-data }]")}`.replaceAll(
      "targetNamespace: flux-layers-data",
      "targetNamespace: flux-layers",
    ),
    more: { "flux-layers-data/db.yaml": deployment("db", image(`${registry}/missing/postgres:17`)) },
    says: /^Deployment\/db\/main: image localhost:\d+\/missing\/postgres:17 does not exist/,
    affects: ["ConfigMap/shop", "Deployment/db"],
  },
];

/** All of it comes up by itself: a database that is slow, a program that gives up twice before, a Secret that is late. */
export const healthy: Fault = {
  name: "healthy",
  says: /^nothing$/,
  manifests: `${deployment(
    "db",
    `${run("sleep 13; httpd -f -p 80 -h /tmp")}\nreadinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 14 }`,
  )}${service("db")}${deployment(
    "web",
    `${run("nc db.healthy.svc.cluster.local 80 </dev/null || exit 1; sleep 10000")}\nreadinessProbe: { exec: { command: ["true"] }, periodSeconds: 1 }`,
    `initContainers:\n  - name: settle\n${indent(run("sleep 2"), 4)}`,
    2,
  )}${job("migrate", "sleep 4")}${claim("data", "storageClassName: hand, volumeName: faults-new")}${deployment(
    "files",
    mounting,
    withClaim,
  )}
apiVersion: v1
kind: ServiceAccount
metadata: { name: late }
---${deployment("worker", sleeping, "serviceAccountName: late")}`,
};
