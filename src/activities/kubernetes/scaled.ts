import type { KubernetesObject } from "./object.ts";

/** The workloads whose replicas an object decides: "Deployment/shop". KEDA's ScaledObjects have a HorizontalPodAutoscaler each. */
export function scaledBy({ kind, spec }: KubernetesObject): string[] {
  const target = spec?.["scaleTargetRef"] as { kind: string; name: string } | undefined;
  return kind === "HorizontalPodAutoscaler" && target !== undefined ? [`${target.kind}/${target.name}`] : [];
}
