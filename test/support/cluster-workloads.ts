import { applyManifests } from "../../lab/cluster/kubectl.ts";
import type { Layout } from "../../lab/cluster/layout.ts";
import { imageReference } from "../../lab/cluster/registry.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { type ClusterDrill, createClusterDrill } from "./cluster-drill.ts";
import type { DrillRun } from "./drill.ts";

/** Workloads in namespace shop of a real cluster, with a worker that may take them away. */
export interface WorkloadDrill extends ClusterDrill {
  /** kubectl, with words that hold no spaces. */
  k: (line: string) => Promise<string>;
  allRolledOut: () => Promise<void>;
  /** Of the pods of an application. */
  uids: (app: string) => Promise<string[]>;
  isCordoned: (node: string) => Promise<boolean>;
  exercise: () => Promise<DrillRun>;
}

export async function createWorkloadDrill(name: string): Promise<WorkloadDrill> {
  const drill = await createClusterDrill(name, ["shop"]);
  const k = (line: string) => drill.kubectl(...line.split(" "));
  const allRolledOut = async () => {
    for (const one of ["deployment/web", "statefulset/store", "deployment/cache"])
      await k(`-n shop rollout status ${one} --timeout=120s`);
  };
  await applyManifests(drill.sandbox.layout, drill.built, manifests(drill.sandbox.layout));
  await allRolledOut();
  await drill.startWorker();
  return {
    ...drill,
    k,
    allRolledOut,
    uids: async (app) =>
      (await k(`-n shop get pods -l app=${app} -o jsonpath={.items[*].metadata.uid}`)).split(" ").toSorted(),
    isCordoned: async (node) => (await k(`get node ${node} -o jsonpath={.spec.unschedulable}`)) === "true",
    exercise: async () => await drill.start("exercise", { scenario: "workload" }),
  };
}

/** A page with one pod, a store with two pods and a volume each, and a cache whose data is in an emptyDir. */
function manifests(layout: Layout): string {
  const image = imageReference(layout, "busybox:1");
  const workload = (kind: string, name: string, replicas: number, volumes: string) => `
apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec:
  replicas: ${replicas}
  serviceName: ${name}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: ${image}
          command: [httpd, -f, -p, "8080", -h, /data]
          volumeMounts: [{ name: data, mountPath: /data }]
          # Long enough that a page is missed, and that a budget has something to hold.
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, initialDelaySeconds: ${replicas === 1 ? 8 : 5} }
${volumes}
---`;
  const claim = "accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } }";
  return `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: page, namespace: shop }
spec: { ${claim} }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
${workload("Deployment", "web", 1, "      volumes: [{ name: data, persistentVolumeClaim: { claimName: page } }]").replace("  serviceName: web\n", "")}
${workload("StatefulSet", "store", 2, `  volumeClaimTemplates: [{ metadata: { name: data }, spec: { ${claim} } }]`)}
${workload("Deployment", "cache", 1, "      volumes: [{ name: data, emptyDir: {} }]").replace("  serviceName: cache\n", "")}
`;
}

export const workloadComponent = (workload: string, more: object = {}) => ({
  name: workload.split("/")[1]!,
  kind: "workload",
  namespace: "shop",
  workload,
  data: { directory: "/data" },
  within: "90s",
  standstill: "45s",
  ...more,
});
export const check = ({ components }: RunRecord, name: string) =>
  components[0]!.checks.find((one) => one.name === name);
export const guards = ({ refusals }: RunRecord) => refusals.map(({ guard, message }) => `${guard}: ${message}`);
