import { conditionOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, find, ofKind, quote, secondsSince } from "./look.ts";

/** Certificates of cert-manager. The deepest object says why: the challenge, else the order, the request, the issuer. */

const kinds = [
  "Certificate.cert-manager.io",
  "CertificateRequest.cert-manager.io",
  "Order.acme.cert-manager.io",
  "Challenge.acme.cert-manager.io",
];

export function certificates(snapshot: Snapshot): Clues {
  const chain = kinds.flatMap((kind) => ofKind(snapshot.objects, kind));
  const issuers = [...snapshot.objects, ...snapshot.cluster].filter((object) =>
    /^(?:Cluster)?Issuer\.cert-manager\.io\//.test(nameOf(object)),
  );
  return {
    findings: [...chain, ...issuers].flatMap((object) => findingOf(snapshot, object)),
    needs: ofKind(snapshot.objects, kinds[0]!).flatMap((certificate) => [
      { who: `Secret/${at<string>(certificate, "spec.secretName")}`, what: nameOf(certificate) },
      { who: nameOf(certificate), what: issuerOf(certificate) },
    ]),
  };
}

function issuerOf(certificate: KubernetesObject): string {
  const { kind = "Issuer", name } = at<{ kind?: string; name?: string }>(certificate, "spec.issuerRef") ?? {};
  return `${kind}.cert-manager.io/${name}`;
}

function findingOf(snapshot: Snapshot, object: KubernetesObject): Finding[] {
  const why = whyNot(snapshot, object);
  if (why === undefined) return [];
  const { kind, metadata } = object;
  return [
    {
      at: nameOf(object),
      object: nameOf(object),
      type: "CERTIFICATE_NOT_ISSUED",
      cause: `${kind.endsWith("Issuer") ? `${kind} ${metadata.name} cannot issue certificates` : `certificate not issued: ${kind} ${metadata.name}`}: ${quote(why)}`,
      hint: hintFor(kind, why),
    },
  ];
}

/** While it is being issued nothing is wrong, unless that takes more than a minute. */
function whyNot(snapshot: Snapshot, object: KubernetesObject): string | undefined {
  const state = at<string>(object, "status.state");
  const reason = at<string>(object, "status.reason");
  if (object.kind === "Challenge" || object.kind === "Order") {
    const failed = state === "invalid" || state === "errored" || state === "expired";
    const slow = state === "pending" && secondsSince(snapshot, object.metadata.creationTimestamp) > 60;
    return reason && (failed || slow) ? reason : undefined;
  }
  const ready = conditionOf(object, "Ready");
  if (ready?.status !== "False") return undefined;
  if (object.kind === "Certificate") {
    const issuing = conditionOf(object, "Issuing");
    if (issuing?.status === "False") return issuing.message ?? issuing.reason;
    const issuer = find(
      [...snapshot.objects, ...snapshot.cluster],
      issuerOf(object).split("/")[0]!,
      issuerOf(object).split("/")[1]!,
    );
    if (issuer === undefined) return `its ${issuerOf(object).replace(".cert-manager.io/", " ")} does not exist`;
  }
  const certain = ready.reason === "Failed" || ready.reason === "Denied";
  const patienceSeconds = object.kind.endsWith("Issuer") ? 15 : 60;
  if (!certain && secondsSince(snapshot, ready.lastTransitionTime) < patienceSeconds) return undefined;
  return ready.message ?? ready.reason;
}

function hintFor(kind: string, why: string): string {
  if (/rate ?limit|too many (?:certificates|requests)/i.test(why))
    return "Wait as long as the message says, or use the issuer's staging server for drills.";
  if (/self check|propagation|dial tcp|no such host/i.test(why))
    return "Look whether the name leads to this cluster, and whether its Ingress answers on port 80.";
  if (kind.endsWith("Issuer") || /does not exist|not ready/.test(why))
    return "Bring back the issuer and the secret with its key.";
  return "Correct what the message names; cert-manager then tries again.";
}
