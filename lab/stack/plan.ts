import { awsCredentials, s3Endpoint, ssmEndpoint } from "../services/services.ts";
import { dataLayers, layers } from "./contents.ts";
import type { Stage } from "./stage.ts";

/** The plan of the lab's homelab, as its owner would write it. */

/** Keys of the plan, without its components. */
export function stagePlan(stage: Stage): object {
  const { region } = awsCredentials;
  const secrets = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  const environment = Object.fromEntries(secrets.map((name) => [name, { env: name }]));
  return {
    objectives: { rto: "15m" },
    access: { kubeconfig: { ssm: stage.parameter, region, endpoint: ssmEndpoint(stage.services) } },
    infrastructure: [
      {
        name: "machines",
        kind: "terragrunt",
        mode: "all",
        directory: stage.infrastructure,
        destroys: ["*"],
        timeout: "10m",
        environment,
      },
    ],
    gitops: {
      kind: stage.gitops,
      [stage.gitops === "flux" ? "layers" : "applications"]: layers,
      waitForData: dataLayers,
    },
    checks: [
      { kind: "exec", namespace: "dr-exercise", workload: "deployment/dr-exercise", command: ["test", "-w", "/data"] },
    ],
  };
}

/** The whole cluster, and its three volumes: of deploy/dr-exercise, and of the lab's shop. */
export function stageComponents(stage: Stage): object[] {
  const volume = (name: string, claim: string, workload: string) => {
    const [namespace, claimName] = claim.split("/");
    return {
      name,
      kind: "longhorn",
      namespace,
      claim: claimName,
      workload,
      sentinel: "1 MiB",
      store: {
        endpoint: s3Endpoint(stage.services),
        accessKey: { env: "AWS_ACCESS_KEY_ID" },
        secretKey: { env: "AWS_SECRET_ACCESS_KEY" },
      },
      within: "4m",
      standstill: "30s",
    };
  };
  return [
    { name: "homelab", kind: "cluster", within: "6m", standstill: "3m" },
    volume("data", "dr-exercise/data", "deployment/dr-exercise"),
    volume("pictures", "shop/pictures", "deployment/website"),
    volume("ledger", "shop/books-ledger-0", "statefulset/ledger"),
  ];
}
