import type { Problem } from "../flux/holds.ts";
import type { KubernetesObject, Resource } from "../kubernetes/object.ts";
import { servedKind, splitApiVersion } from "../kubernetes/paths.ts";
import { readyEndpoints } from "../../diagnosis/services.ts";
import { type Selector, selects } from "../workload/selectors.ts";

/** Admission webhooks that would keep a namespace from being made again, as far as that is sure. Pure. */

/** Of the whole cluster. */
export interface Admission {
  /** Configurations of webhooks. */
  webhooks: KubernetesObject[];
  /** The Services that these name, and their EndpointSlices. */
  answering: KubernetesObject[];
}

interface Webhook {
  name: string;
  /** Fail, unless it says otherwise. */
  failurePolicy?: "Fail" | "Ignore";
  clientConfig: { service?: { namespace: string; name: string } };
  rules?: Rule[];
  namespaceSelector?: Selector;
  objectSelector?: Selector;
  matchConditions?: unknown[];
}

interface Rule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
}

/** Those of a configuration without whose answer nothing is made. */
export function failClosed(configuration: KubernetesObject): Webhook[] {
  const webhooks = (configuration["webhooks"] ?? []) as Webhook[];
  return webhooks.filter(({ failurePolicy }) => failurePolicy !== "Ignore");
}

/** @param wanted what must come back into the namespace, pods included */
export function webhookProblems(
  { metadata: { name, labels = {} } }: KubernetesObject,
  { webhooks, answering }: Admission,
  wanted: KubernetesObject[],
  resources: Resource[],
): Problem[] {
  return webhooks.flatMap((configuration) =>
    failClosed(configuration).flatMap((webhook) => {
      const asked = wanted.filter((object) => isAsked(webhook, object, labels, resources));
      const why = asked.length === 0 ? undefined : whyNoAnswer(name, configuration, webhook, asked, answering);
      return why === undefined ? [] : [problemOf(configuration, webhook, asked, why)];
    }),
  );
}

/** Whether the API server asks it before it makes the object. Conditions in CEL are not worked out: they may say no. */
function isAsked(
  { rules = [], namespaceSelector = {}, objectSelector = {}, matchConditions = [] }: Webhook,
  object: KubernetesObject,
  labels: Record<string, string>,
  resources: Resource[],
): boolean {
  const kind = servedKind(resources, object);
  if (kind === undefined || matchConditions.length > 0) return false;
  const { group, version } = splitApiVersion(object.apiVersion);
  const scope = kind.namespaced ? "Namespaced" : "Cluster";
  const has = (list: string[] | undefined, ...any: string[]) => any.some((one) => list?.includes(one));
  return (
    selects(namespaceSelector, labels) &&
    selects(objectSelector, object.metadata.labels ?? {}) &&
    rules.some(
      (rule) =>
        has(rule.operations, "CREATE", "*") &&
        has(rule.apiGroups, group, "*") &&
        has(rule.apiVersions, version, "*") &&
        has(rule.resources, kind.plural, "*", "*/*") &&
        ["*", scope].includes(rule.scope ?? "*"),
    )
  );
}

/** Undefined where somebody may answer, as by an address outside of the cluster. */
function whyNoAnswer(
  name: string,
  { metadata }: KubernetesObject,
  { clientConfig }: Webhook,
  asked: KubernetesObject[],
  answering: KubernetesObject[],
): string | undefined {
  const { service: at } = clientConfig;
  if (at === undefined) return undefined;
  const place = `${at.namespace}/${at.name}`;
  const service = answering.find(
    (one) => one.kind === "Service" && one.metadata.name === at.name && one.metadata.namespace === at.namespace,
  );
  if (service?.spec?.["type"] === "ExternalName") return undefined;
  if (at.namespace === name) {
    // The garbage collector takes the configuration along.
    const goesAlong = (metadata.ownerReferences ?? []).some((one) => one.kind === "Namespace" && one.name === name);
    if (goesAlong) return undefined;
    const own = asked.find((one) => one.kind === "Pod" && service !== undefined && isBehind(service, one));
    if (own !== undefined)
      return `its Service ${place} lies in the namespace, and its own Pod/${own.metadata.name} is among what it would have to let in`;
  }
  if (service === undefined) return `there is no Service ${place}, which it names`;
  return readyEndpoints(answering, service).length === 0 ? `its Service ${place} has no ready endpoint` : undefined;
}

function isBehind({ spec }: KubernetesObject, pod: KubernetesObject): boolean {
  const matchLabels = (spec?.["selector"] ?? {}) as Record<string, string>;
  return Object.keys(matchLabels).length > 0 && selects({ matchLabels }, pod.metadata.labels ?? {});
}

function problemOf(
  { kind, metadata }: KubernetesObject,
  { name }: Webhook,
  asked: KubernetesObject[],
  why: string,
): Problem {
  const first = asked.find((one) => one.kind === "Pod") ?? asked[0]!;
  const more = asked.length === 1 ? "" : ` and ${asked.length - 1} more`;
  return {
    problem: `${kind}/${metadata.name} lets nothing in without an answer of its webhook ${name} (failurePolicy Fail), which is asked for ${first.kind}/${first.metadata.name}${more}; but ${why}`,
    hint: "Let what stands behind the webhook run outside of the namespace and be ready, leave the namespace out by the webhook's namespaceSelector, or set its failurePolicy to Ignore.",
  };
}
