import { Plan } from "../../src/plan/schema.ts";

/** A plan with two namespaces. */
export function twoNamespaces(change: object = {}): Plan {
  return Plan.parse({
    name: "both",
    objectives: { rto: "5m" },
    access: { kubeconfig: { file: "/etc/kubeconfig" } },
    components: [
      { name: "shop", kind: "namespace", namespace: "shop" },
      { name: "forum", kind: "namespace", namespace: "forum" },
    ],
    ...change,
  });
}

/** A namespace with a database, and another one without. */
export function namespaceWithData(): Plan {
  const data = [{ component: "shop-db", server: "StatefulSet/postgres", users: ["Deployment/shop"] }];
  return twoNamespaces({
    components: [
      { name: "shop", kind: "namespace", namespace: "shop", data },
      { name: "forum", kind: "namespace", namespace: "forum" },
      { name: "shop-db", kind: "pgdump", database: "shop", dumps: "/dumps/shop" },
      { name: "mail", kind: "pgdump", database: "mail", dumps: "/dumps/mail" },
    ],
  });
}

/** A plan with two workloads. */
export function twoWorkloads(change: object = {}): Plan {
  return Plan.parse({
    name: "both",
    objectives: { rto: "5m" },
    access: { kubeconfig: { file: "/etc/kubeconfig" } },
    components: [
      { name: "shop", kind: "workload", namespace: "shop", workload: "deployment/shop" },
      {
        name: "postgres",
        kind: "workload",
        namespace: "shop",
        workload: "statefulset/postgres",
        data: { directory: "/var/lib/postgresql" },
      },
    ],
    ...change,
  });
}

/** A plan with two components, one of each kind, as the workflows get it. */
export function twoComponents(change: object = {}): Plan {
  return Plan.parse({
    name: "both",
    objectives: { rto: "5m", rpo: "15m" },
    components: [
      { name: "shop", kind: "pgdump", database: "shop", dumps: "/dumps/shop" },
      { name: "ledger", kind: "pgbackrest", stanza: "ledger", data: "/pg/ledger/data" },
    ],
    ...change,
  });
}

/** A plan with two volumes. */
export function twoVolumes(change: object = {}): Plan {
  return Plan.parse({
    name: "both",
    objectives: { rto: "5m", rpo: "15m" },
    access: { kubeconfig: { file: "/etc/kubeconfig" } },
    components: [
      { name: "data", kind: "longhorn", namespace: "shop", claim: "data" },
      { name: "logs", kind: "longhorn", volume: "logs" },
    ],
    ...change,
  });
}

/** A plan with the volumes of a namespace, by a selector, and one of another. */
export function manyVolumes(change: object = {}): Plan {
  return Plan.parse({
    name: "both",
    objectives: { rto: "5m", rpo: "15m" },
    access: { kubeconfig: { file: "/etc/kubeconfig" } },
    components: [
      { name: "homes", kind: "longhorn", namespace: "homes", selector: { tier: "home" }, objectives: { rto: "2m" } },
      { name: "logs", kind: "longhorn", volume: "logs" },
    ],
    ...change,
  });
}

/** A whole cluster that one layer makes, and a volume in it. */
export function wholeCluster(change: object = {}): Plan {
  return Plan.parse({
    name: "both",
    objectives: { rto: "5m", rpo: "15m" },
    access: { kubeconfig: { file: "/etc/kubeconfig" } },
    infrastructure: [{ name: "machines", kind: "tofu", directory: "/infra", destroys: ["*"] }],
    components: [
      { name: "homelab", kind: "cluster" },
      { name: "data", kind: "longhorn", namespace: "shop", claim: "data" },
    ],
    ...change,
  });
}
