import { expect, test } from "vitest";
import { argoHolders } from "../../../src/activities/argocd/holds.ts";

/** What an Application would make again. */

const application = (resources: object[]) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "shop", namespace: "argocd" },
  spec: { destination: { namespace: "shop" }, syncPolicy: { syncOptions: ["CreateNamespace=true"] } },
  status: { resources },
});
const web = { kind: "Deployment", name: "web", namespace: "shop" };

test("what is in Git no more is not made again", () => {
  const old = { kind: "ConfigMap", name: "old", namespace: "shop", requiresPruning: true };
  const held = argoHolders("shop", [application([web, old])]).map(({ holds }) => holds);
  expect(held).toEqual([["Namespace/shop", "Deployment/web"]]);
  const namespace = { kind: "Namespace", name: "shop", requiresPruning: true };
  expect(argoHolders("shop", [application([old, namespace])])).toEqual([]);
});
