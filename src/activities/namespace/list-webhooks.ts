import { endpointSlices, services } from "../kubernetes/kinds.ts";
import type { Session } from "../kubernetes/session.ts";
import { type Admission, failClosed } from "./webhooks.ts";

const kinds = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];

/** The cluster's admission webhooks, and who would answer for those without whose answer nothing is made. */
export async function listWebhooks({ cluster, resources }: Session): Promise<Admission> {
  const served = resources.filter(
    ({ group, kind }) => group === "admissionregistration.k8s.io" && kinds.includes(kind),
  );
  const webhooks = (await Promise.all(served.map(async (kind) => (await cluster.list(kind)).objects))).flat();
  const named = webhooks.flatMap(failClosed).flatMap(({ clientConfig: { service } }) => service ?? []);
  const once = [...new Map(named.map((one) => [`${one.namespace}/${one.name}`, one])).values()];
  const answering = await Promise.all(
    once.map(async ({ namespace, name }) => {
      const [service, slices] = await Promise.all([
        cluster.get(services, name, namespace),
        cluster.list(endpointSlices, { namespace, labelSelector: `kubernetes.io/service-name=${name}` }),
      ]);
      return [...(service === undefined ? [] : [service]), ...slices.objects];
    }),
  );
  return { webhooks, answering: answering.flat() };
}
