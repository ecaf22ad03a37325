import * as z from "zod";
import { common } from "./component-parts.ts";
import { label } from "./cluster-parts.ts";
import { Duration } from "./scalars.ts";

/** A whole Kubernetes cluster, which infrastructure code destroys and makes, and GitOps fills. */

/** "monitoring/prometheus-0", "monitoring/*": namespace and name, of which the end may be left open. */
const claimPattern = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]*\/([a-z0-9][a-z0-9.-]*\*?|\*)$/,
    'must be namespace and name of a claim, such as "monitoring/prometheus-0" or "monitoring/*"',
  )
  .meta({ examples: ["monitoring/prometheus-0"] });

export const ClusterComponent = z
  .strictObject({
    ...common,
    kind: z.literal("cluster").describe("kind of the component"),
    within: Duration.prefault("30m").describe(
      "how long it may take until the new cluster answers, and then until all layers of GitOps are ready",
    ),
    loses: z
      .array(claimPattern)
      .optional()
      .describe("PersistentVolumeClaims that no component restores and that may be lost; any other is refused")
      .meta({ examples: [["monitoring/*"]] }),
    standstill: Duration.prefault("10m").describe("how long nothing may move before it counts as stuck"),
  })
  .describe("the plan's whole Kubernetes cluster, rebuilt by its `infrastructure` and its `gitops`");
export type ClusterComponent = z.infer<typeof ClusterComponent>;

const waitForData = z
  .array(label)
  .default([])
  .describe("those of them that use restored volumes: held back in the new cluster until these are restored")
  .meta({ examples: [["apps"]] });

const names = (what: string, examples: string[]) =>
  z
    .array(label)
    .min(1, "must list at least one")
    .describe(what)
    .meta({ examples: [examples] });

export const Gitops = z
  .discriminatedUnion("kind", [
    z
      .strictObject({
        kind: z.literal("flux").describe("who rebuilds what is in the cluster"),
        namespace: label.default("flux-system").describe("namespace of the Kustomizations"),
        layers: names("Kustomizations that must be ready, in the order in which they depend on each other", [
          "infrastructure-controllers",
          "infrastructure-configs",
          "apps",
        ]),
        waitForData,
      })
      .describe("Flux"),
    z
      .strictObject({
        kind: z.literal("argocd").describe("who rebuilds what is in the cluster"),
        namespace: label.default("argocd").describe("namespace of the Applications"),
        applications: names("Applications that must be healthy and synced, in their order", ["platform", "apps"]),
        waitForData,
      })
      .describe("Argo CD"),
  ])
  .describe("what GitOps brings back into a rebuilt cluster");
export type Gitops = z.infer<typeof Gitops>;
