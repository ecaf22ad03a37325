import type { KubernetesObject } from "../activities/kubernetes/object.ts";
import { dockerHub, parseReference, whereItWent } from "../activities/registry/reference.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, eventsOf, find, quote } from "./look.ts";
import { brokenContainers, type Container } from "./pods.ts";

/** Images that cannot be pulled. */

const reasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
]);

export function images(snapshot: Snapshot): Clues {
  const stuck = brokenContainers(snapshot).filter(({ status }) => reasons.has(status.state?.waiting?.reason ?? ""));
  const found = stuck.map((container) => ({ container, finding: findingOf(snapshot, container) }));
  return {
    findings: found.map(({ finding }) => finding),
    needs: found.map(({ container, finding }) => ({ who: container.place, what: finding.at })),
  };
}

function findingOf(snapshot: Snapshot, container: Container): Finding {
  const { place: object, spec } = container;
  const image = spec.image ?? container.status.image;
  const registry = registryOf(image);
  const { reason } = container.status.state?.waiting ?? {};
  const why = whyOf(snapshot, container, image);
  const ofImage = { at: `Image/${image}`, object };
  const ofRegistry = { at: `Registry/${registry}`, object };
  if (reason === "InvalidImageName")
    return {
      ...ofImage,
      type: "IMAGE_INVALID",
      cause: `image name ${image} is not valid`,
      hint: "Correct the image's name: lower-case letters, and a tag after one colon.",
    };
  if (reason === "ErrImageNeverPull")
    return {
      ...ofImage,
      type: "IMAGE_NOT_FOUND",
      cause: `image ${image} is not on the node, and its pull policy Never forbids to fetch it`,
      hint: "Load the image onto the node, or set imagePullPolicy to IfNotPresent.",
    };
  if (/\b429\b|toomanyrequests|rate limit/i.test(why))
    return {
      ...ofRegistry,
      type: "IMAGE_RATE_LIMIT",
      cause: `registry ${registry} refuses to serve image ${image}: its rate limit is reached (429)`,
      hint: "Wait until the limit is lifted, or pull with an account of your own (imagePullSecrets) or from a mirror.",
    };
  const network = networkTrouble(why);
  if (network !== undefined)
    return {
      ...ofRegistry,
      type: "REGISTRY_UNREACHABLE",
      cause: `registry ${registry} cannot be reached for image ${image}: ${network}`,
      hint: `Look from the node whether ${registry} resolves, answers and has a certificate that the node trusts.`,
    };
  if (/pull access denied|insufficient_scope|unauthorized|authorization failed|\b40[13]\b|denied/i.test(why))
    return unauthorized(snapshot, container.pod, ofImage, image);
  if (/not found|manifest unknown|name unknown|does not exist/i.test(why))
    return {
      ...ofImage,
      type: "IMAGE_NOT_FOUND",
      cause: `image ${image} does not exist in registry ${registry}`,
      hint: whereItWent(image) ?? "Correct the image's name or tag in Git, or push the image again.",
    };
  return {
    ...ofImage,
    type: "IMAGE_PULL_FAILED",
    cause: `image ${image} cannot be pulled: ${quote(why)}`,
    hint: "Pull it by hand on the node (crictl pull) to see more.",
  };
}

/** While the kubelet waits before its next attempt its message may not say why; then the last event does. */
function whyOf(snapshot: Snapshot, { pod, status }: Container, image: string): string {
  const message = status.state?.waiting?.message ?? "";
  if (!/^(Back-off pulling image "[^"]*"|)$/.test(message)) return message;
  return eventsOf(snapshot, pod, "Failed").findLast((event) => event.message.includes(image))?.message ?? message;
}

function networkTrouble(why: string): string | undefined {
  const trouble =
    /lookup \S+?(?: on \S+)?: (?:no such host|server misbehaving|.*timeout)|no such host|x509: [^"]+|(?:dial tcp )?\S+: connect: [^"]+|i\/o timeout|TLS handshake timeout|context deadline exceeded|50[234] \w[\w ]*/;
  const found = trouble.exec(why)?.[0];
  return found === undefined ? undefined : quote(found, 160);
}

function unauthorized(
  { objects }: Snapshot,
  pod: KubernetesObject,
  place: Pick<Finding, "at" | "object">,
  image: string,
): Finding {
  const secrets = (at<{ name: string }[]>(pod, "spec.imagePullSecrets") ?? []).map(({ name }) => name);
  const absent = secrets.find((name) => find(objects, "Secret", name) === undefined);
  if (absent !== undefined)
    return {
      at: `Secret/${absent}`,
      object: place.object,
      type: "PULL_SECRET_MISSING",
      cause: `pull secret ${absent} does not exist, and registry ${registryOf(image)} does not serve image ${image} without it`,
      hint: `Bring back secret ${absent} of type kubernetes.io/dockerconfigjson.`,
    };
  const known = secrets.length === 0 ? "without a pull secret" : `with pull secret ${secrets.join(", ")}`;
  return {
    ...place,
    type: "IMAGE_UNAUTHORIZED",
    cause: `registry ${registryOf(image)} refuses image ${image} ${known}`,
    hint:
      whereItWent(image) ??
      (secrets.length === 0
        ? "Name a pull secret in the pod's imagePullSecrets or in its service account; a repository that was removed looks the same."
        : "Renew the credentials in the pull secret; a repository that was removed looks the same."),
  };
}

/** As people know it: Docker Hub answers under another name than its images have. */
function registryOf(image: string): string {
  const { host } = parseReference(image);
  return host === dockerHub ? "docker.io" : host;
}
