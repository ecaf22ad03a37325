import type { Finding } from "./cause.ts";
import { quote } from "./look.ts";

/** What the API server's refusals mean. */

export interface Refused extends Finding {
  /** That an unreachable webhook points to. */
  service?: { namespace: string; name: string };
}

/** @param who what cannot be created: "Deployment/shop" */
export function refusalOf(message: string, who: string): Refused {
  const place = (at: string) => ({ at, object: at });
  // A StatefulSet makes the claims of its pods before these.
  const claim =
    /create Claim (\S+)/.exec(message)?.[1] ?? /persistentvolumeclaims "([^"]+)" is forbidden/.exec(message)?.[1];
  const what = claim === undefined ? `a pod of ${who}` : `claim ${claim} of ${who}`;
  const quota = /exceeded quota: ([^,]+), (.*)/s.exec(message) ?? /failed quota: ([^:]+): (.*)/s.exec(message);
  if (quota !== null)
    return {
      ...place(`ResourceQuota/${quota[1]}`),
      type: "QUOTA_EXCEEDED",
      cause: `ResourceQuota ${quota[1]} leaves no room for ${what}: ${quote(quota[2]!)}`,
      hint: `Raise the quota, or make the namespace's ${claim === undefined ? "pods" : "claims"} ask for less.`,
    };
  const unreachable = /failed calling webhook "([^"]+)": (.*)/s.exec(message);
  if (unreachable !== null) return webhookUnreachable(unreachable[1]!, unreachable[2]!, who);
  const denied = /admission webhook "([^"]+)" denied the request(?:: (.*))?/s.exec(message);
  if (denied !== null)
    return {
      ...place(`Webhook/${denied[1]}`),
      type: "WEBHOOK_REFUSED",
      cause: `admission webhook ${denied[1]} refuses ${what}: ${quote(denied[2] ?? "without a reason")}`,
      hint: "Change the workload as the message asks, or the webhook's policy.",
    };
  const policy = /ValidatingAdmissionPolicy '([^']+)' with binding '([^']+)' denied request: (.*)/s.exec(message);
  if (policy !== null)
    return {
      ...place(`ValidatingAdmissionPolicy/${policy[1]}`),
      type: "ADMISSION_POLICY",
      cause: `ValidatingAdmissionPolicy ${policy[1]} (binding ${policy[2]}) refuses ${what}: ${quote(policy[3]!)}`,
      hint: "Change the workload as the message asks, or the policy's binding.",
    };
  const security = /violates PodSecurity "([^"]+)": (.*)/s.exec(message);
  if (security !== null)
    return {
      at: `PodSecurity/${security[1]}`,
      object: who,
      type: "POD_SECURITY",
      cause: `Pod Security level ${security[1]} of the namespace refuses ${what}: ${quote(security[2]!)}`,
      hint: "Set the pod's securityContext as the message asks, or the namespace's label pod-security.kubernetes.io/enforce.",
    };
  const account = /serviceaccount "([^"]+)" not found/.exec(message)?.[1];
  if (account !== undefined)
    return {
      ...place(`ServiceAccount/${account}`),
      type: "SERVICE_ACCOUNT_MISSING",
      cause: `ServiceAccount ${account} does not exist, so no pod of ${who} is created`,
      hint: `Bring back ServiceAccount ${account} and its role bindings.`,
    };
  const limit =
    /((?:maximum|minimum) \S+ (?:usage|request|limit)? ?per .*|\S+ max limit to request ratio per .*)/s.exec(message);
  if (limit !== null)
    return {
      ...place("LimitRange/"),
      object: who,
      type: "LIMIT_RANGE",
      cause: `a LimitRange refuses ${what}: ${quote(limit[1]!.replace(/\]$/, ""))}`,
      hint: `Change the ${claim === undefined ? "container's requests and limits" : "size of the claim"}, or the LimitRange.`,
    };
  return {
    at: `${who}/creation`,
    object: who,
    type: "CREATION_REFUSED",
    cause: `${claim === undefined ? "no pod" : `claim ${claim}`} of ${who} ${claim === undefined ? "can" : "cannot"} be created: ${quote(message.replace(/^Error creating: /, ""))}`,
    hint: "Correct what the message names in the workload.",
  };
}

function webhookUnreachable(webhook: string, message: string, who: string): Refused {
  const [, service, namespace] = /https:\/\/([^./:]+)\.([^./:]+)\.svc/.exec(message) ?? [];
  const why =
    /(?:service "[^"]+" not found|no endpoints available for service "[^"]+"|context deadline exceeded|x509: .*|dial tcp .*|connect: .*)$/s.exec(
      message,
    );
  return {
    at: `Webhook/${webhook}`,
    object: `Webhook/${webhook}`,
    type: "WEBHOOK_UNREACHABLE",
    cause: `admission webhook ${webhook}${service === undefined ? "" : ` (Service ${namespace}/${service})`} does not answer, so no pod of ${who} is created: ${quote(why?.[0] ?? message)}`,
    hint: "Start the webhook's own pods first; if they are gone for good, delete its webhook configuration.",
    ...(service === undefined || namespace === undefined ? {} : { service: { namespace, name: service } }),
  };
}
