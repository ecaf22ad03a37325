import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Layout } from "../../lab/cluster/layout.ts";
import { imageReference, pushImage } from "../../lab/cluster/registry.ts";
import type { Sandbox } from "../../lab/cluster/sandbox.ts";
import { writeSecretStore } from "../../lab/operators/infisical.ts";

/**
 * An application as people have them: a namespace with service account, role, secret from a store, settings, a job, PostgreSQL with
 * a volume, the application itself and an ingress. Layer `infrastructure` comes first, `apps` when that is ready.
 */
export interface ExampleApp {
  namespace: string;
}

/** Files by path, for `commit()`. All images come from the cluster's registry, each time anew. */
export function exampleApp(layout: Layout, { namespace }: ExampleApp): Record<string, string> {
  const busybox = `image: ${imageReference(layout, "busybox:1")}\n          imagePullPolicy: Always`;
  const postgres = `image: ${imageReference(layout, "postgres:1")}\n          imagePullPolicy: Always`;
  return {
    "infrastructure/namespace.yaml": `
apiVersion: v1
kind: Namespace
metadata: { name: ${namespace}, labels: { firedrill.example/drill: allowed } }
`,
    "infrastructure/access.yaml": `
apiVersion: v1
kind: ServiceAccount
metadata: { name: shop, namespace: ${namespace} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: shop, namespace: ${namespace} }
rules: [{ apiGroups: [""], resources: [configmaps], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: shop, namespace: ${namespace} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop }
subjects: [{ kind: ServiceAccount, name: shop, namespace: ${namespace} }]
`,
    "infrastructure/settings.yaml": `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: ${namespace} }
data: { DATABASE: shop, GREETING: hello }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: page, namespace: ${namespace} }
data: { index.html: "the shop of ${namespace} is open\\n" }
---
apiVersion: secrets.infisical.com/v1alpha1
kind: InfisicalSecret
metadata: { name: shop, namespace: ${namespace} }
spec:
  hostAPI: https://infisical.example/api
  resyncInterval: 5
  authentication:
    kubernetesAuth:
      identityId: 3f1c9a52-0c5e-4a55-9a39-2f5c1e6f0b7d
      autoCreateServiceAccountToken: true
      serviceAccountRef: { name: shop, namespace: ${namespace} }
      secretsScope: { projectSlug: shop, envSlug: prod, secretsPath: / }
  managedKubeSecretReferences:
    - { secretName: shop, secretNamespace: ${namespace}, creationPolicy: Owner }
`,
    "infrastructure/postgres.yaml": `
apiVersion: v1
kind: Service
metadata: { name: postgres, namespace: ${namespace} }
spec: { selector: { app: postgres }, ports: [{ port: 5432 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: postgres, namespace: ${namespace} }
spec:
  serviceName: postgres
  selector: { matchLabels: { app: postgres } }
  template:
    metadata: { labels: { app: postgres } }
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: postgres
          ${postgres}
          env:
            - name: POSTGRES_DB
              valueFrom: { configMapKeyRef: { name: settings, key: DATABASE } }
            - name: POSTGRES_PASSWORD
              valueFrom: { secretKeyRef: { name: shop, key: POSTGRES_PASSWORD } }
          readinessProbe:
            exec: { command: [pg_isready, --quiet] }
            periodSeconds: 1
          volumeMounts: [{ name: data, mountPath: /var/lib/postgresql }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
    "apps/job.yaml": `
apiVersion: batch/v1
kind: Job
metadata: { name: greet, namespace: ${namespace} }
spec:
  backoffLimit: 3
  template:
    spec:
      serviceAccountName: shop
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
        - name: greet
          ${busybox}
          command:
            - sh
            - -ec
            - |
              # What the role allows: to read a ConfigMap through the API.
              token=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)
              wget -qO- --no-check-certificate --header "Authorization: Bearer $token" \\
                https://kubernetes.default.svc.cluster.local/api/v1/namespaces/${namespace}/configmaps/settings | grep GREETING
`,
    "apps/shop.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      serviceAccountName: shop
      terminationGracePeriodSeconds: 1
      containers:
        - name: shop
          ${busybox}
          command: [httpd, -f, -p, "8080", -h, /www]
          envFrom: [{ configMapRef: { name: settings } }, { secretRef: { name: shop } }]
          # It is of no use without its database.
          readinessProbe: { exec: { command: [sh, -c, "nc -w 1 postgres 5432 < /dev/null"] }, periodSeconds: 1 }
          volumeMounts: [{ name: page, mountPath: /www }]
      volumes: [{ name: page, configMap: { name: page } }]
---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: ${namespace} }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop, namespace: ${namespace} }
spec:
  ingressClassName: lab
  rules:
    - host: ${hostOf(namespace)}
      http:
        paths: [{ path: /, pathType: Prefix, backend: { service: { name: shop, port: { name: http } } } }]
`,
  };
}

/** What the application takes for granted: its images in the registry, its password in the secret store. */
export async function provideForApp({ layout }: Sandbox, more: Record<string, string> = {}): Promise<void> {
  await writeSecretStore(layout, { secrets: { POSTGRES_PASSWORD: "correct horse battery staple", ...more } });
  for (const image of ["busybox", "postgres"] as const) await pushImage(image, imageReference(layout, `${image}:1`));
}

/** Asks as a customer would: from outside, through the ingress. */
export async function visit({ nodeAddress }: Layout, namespace: string): Promise<{ status: number; body: string }> {
  const headers = { host: hostOf(namespace) };
  return await new Promise((resolve, reject) => {
    request({ host: nodeAddress, headers, agent: false, timeout: 5_000 }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    })
      .on("error", reject)
      .end();
  });
}

function hostOf(namespace: string): string {
  return `${namespace}.lab.example`;
}
