import { expect, test } from "vitest";
import { diagnose, event, object, waiting, workload } from "../support/namespace.ts";

const pull = (image: string, message: string, podSpec = {}) =>
  workload("web", { spec: { image }, status: { image, ...waiting("ImagePullBackOff", message) }, podSpec });

const resolve = (image: string, why: string) =>
  `Back-off pulling image "${image}": ErrImagePull: rpc error: code = Unknown desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`;

/** What containerd says with each registry, and what that means. */
const messages = [
  [
    "ghcr.io/acme/shop:9",
    "ghcr.io/acme/shop:9: not found",
    "IMAGE_NOT_FOUND",
    /^image ghcr\.io\/acme\/shop:9 does not exist in registry ghcr\.io$/,
  ],
  ["nginx:1.99", "docker.io/library/nginx:1.99: not found", "IMAGE_NOT_FOUND", /registry docker\.io$/],
  [
    "quay.io/acme/shop:1",
    "unexpected status from HEAD request to https://quay.io/v2/acme/shop/manifests/1: 401 UNAUTHORIZED",
    "IMAGE_UNAUTHORIZED",
    /without a pull secret$/,
  ],
  [
    "acme/shop:1",
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
    "IMAGE_UNAUTHORIZED",
    /^registry docker\.io refuses image acme\/shop:1/,
  ],
  [
    "ghcr.io/acme/shop:1",
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token: 403 Forbidden",
    "IMAGE_UNAUTHORIZED",
    /^registry ghcr\.io refuses/,
  ],
  [
    "redis:7",
    "unexpected status code https://registry-1.docker.io/v2/library/redis/manifests/7: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit",
    "IMAGE_RATE_LIMIT",
    /^registry docker\.io refuses to serve image redis:7: its rate limit is reached \(429\)$/,
  ],
  [
    "reg.lan/shop:1",
    'failed to do request: Head "https://reg.lan/v2/shop/manifests/1": dial tcp: lookup reg.lan on 10.0.0.1:53: no such host',
    "REGISTRY_UNREACHABLE",
    /: lookup reg\.lan on 10\.0\.0\.1:53: no such host$/,
  ],
  [
    "reg.lan/shop:1",
    'failed to do request: Head "https://reg.lan/v2/shop/manifests/1": dial tcp 10.0.0.9:443: i/o timeout',
    "REGISTRY_UNREACHABLE",
    /i\/o timeout$/,
  ],
  [
    "reg.lan/shop:1",
    'failed to do request: Head "https://reg.lan/v2/shop/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    "REGISTRY_UNREACHABLE",
    /: x509: certificate signed by unknown authority$/,
  ],
  [
    "reg.lan/shop:1",
    "unexpected status from HEAD request to https://reg.lan/v2/shop/manifests/1: 503 Service Unavailable",
    "REGISTRY_UNREACHABLE",
    /: 503 Service Unavailable$/,
  ],
  ["reg.lan/shop:1", "mismatched digests", "IMAGE_PULL_FAILED", /mismatched digests$/],
] as const;

test.each(messages)("%s, %s", (image, why, type, cause) => {
  const causes = diagnose({ objects: pull(image, resolve(image, why)) });
  expect(causes).toMatchObject([{ type, object: "Deployment/web/main", affects: ["Deployment/web"] }]);
  expect(causes[0]!.cause).toMatch(cause);
});

test("while the kubelet waits the reason stands in an event only", () => {
  const image = "ghcr.io/acme/shop:9";
  const objects = pull(image, `Back-off pulling image "${image}"`);
  const told = event(
    objects.at(-1)!,
    "Failed",
    `Failed to pull image "${image}": ${resolve(image, `${image}: not found`)}`,
  );
  expect(diagnose({ objects: [...objects, told] })).toMatchObject([{ type: "IMAGE_NOT_FOUND" }]);
});

test.each(["docker.io/bitnami/os-shell:12-debian-12-r30", "bitnami/os-shell:12-debian-12-r30"])(
  "%s: says where Bitnami's images went",
  (image) => {
    const [cause] = diagnose({
      objects: workload("db", {
        init: { spec: { image }, status: waiting("ErrImagePull", resolve(image, `${image}: not found`)) },
        status: waiting("PodInitializing"),
      }),
    });
    expect(cause).toMatchObject({ type: "IMAGE_NOT_FOUND", object: "Deployment/db/init" });
    expect(cause!.hint).toContain("bitnamilegacy in 2025: use docker.io/bitnamilegacy/os-shell:12-debian-12-r30");
  },
);

test("a pull secret that is not there is the cause, not the registry that refuses", () => {
  const image = "quay.io/acme/shop:1";
  const objects = pull(image, resolve(image, "401 UNAUTHORIZED"), { imagePullSecrets: [{ name: "regcred" }] });
  expect(diagnose({ objects })).toMatchObject([
    {
      type: "PULL_SECRET_MISSING",
      cause:
        "pull secret regcred does not exist, and registry quay.io does not serve image quay.io/acme/shop:1 without it",
    },
  ]);
  const withSecret = [...objects, object("v1", "Secret", "regcred", { data: { ".dockerconfigjson": "" } })];
  expect(diagnose({ objects: withSecret })).toMatchObject([
    {
      type: "IMAGE_UNAUTHORIZED",
      cause: "registry quay.io refuses image quay.io/acme/shop:1 with pull secret regcred",
    },
  ]);
});

test("an image name that is none", () => {
  const objects = workload("web", {
    spec: { image: "Shop:1" },
    status: waiting("InvalidImageName", "couldn't parse image name"),
  });
  expect(diagnose({ objects })).toMatchObject([{ type: "IMAGE_INVALID", cause: "image name Shop:1 is not valid" }]);
});
