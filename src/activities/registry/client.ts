import type { Credentials } from "./pull-secrets.ts";
import { dockerHub, parseReference, type Reference, whereItWent } from "./reference.ts";

/** What a registry says of an image. `unknown`: nobody could be asked, which proves nothing. */
export type Pullable =
  | { state: "there" }
  | { state: "gone"; why: string; hint: string }
  | { state: "unknown"; why: string };

const timeoutMs = 15_000;
const accepted = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/**
 * Asks an image's registry whether it can be pulled, as the kubelet would: the distribution API's HEAD of a manifest, with a
 * token where the registry wants one. Docker Hub does not count a HEAD against its limit of pulls.
 */
export async function askRegistry(image: string, credentials: Credentials, signal: AbortSignal): Promise<Pullable> {
  const reference = parseReference(image);
  try {
    const known = credentials.get(reference.host) ?? [];
    let status = (await askManifest(reference, known[0], signal)).status;
    for (const basic of known.slice(1))
      if (isRefusal(status)) status = (await askManifest(reference, basic, signal)).status;
    return judge(image, reference, status, known.length);
  } catch (error) {
    signal.throwIfAborted();
    const { cause } = error as { cause?: { code?: string; message?: string } };
    return {
      state: "unknown",
      why: `${reference.host} does not answer: ${cause?.code ?? cause?.message ?? String(error)}`,
    };
  }
}

const isRefusal = (status: number) => status === 401 || status === 403;

function judge(image: string, { host }: Reference, status: number, tried: number): Pullable {
  if (status === 200) return { state: "there" };
  if (status === 404) return { state: "gone", why: `${host} has no such image or tag`, hint: replacement(image) };
  // Nodes may have credentials of their own. Docker Hub says this of what is gone as well.
  if (isRefusal(status) && tried === 0 && host !== dockerHub)
    return { state: "unknown", why: `${host} answers with status ${status} to who has no pull secret` };
  if (isRefusal(status))
    return {
      state: "gone",
      why: `${host} refuses it with status ${status}`,
      hint: "Check the pull secret (expired?), and whether the repository is still there: some registries say this of what is gone.",
    };
  return { state: "unknown", why: `${host} answers with status ${status}` };
}

export function replacement(image: string): string {
  return whereItWent(image) ?? "Change the image in Git to one that exists, or push it again.";
}

/** HTTPS first; plain HTTP only where the host does not speak TLS, and then without credentials. */
async function askManifest(reference: Reference, basic: string | undefined, signal: AbortSignal): Promise<Response> {
  try {
    return await withToken("https", reference, basic, signal);
  } catch (error) {
    if (!speaksPlainly(error)) throw error;
    return await withToken("http", reference, undefined, signal);
  }
}

function speaksPlainly(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: string } };
  return ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG", "EPROTO"].includes(cause?.code ?? "");
}

async function withToken(
  scheme: string,
  { host, repository, version }: Reference,
  basic: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const ask = async (authorization: string | undefined) =>
    await fetch(`${scheme}://${host}/v2/${repository}/manifests/${version}`, {
      method: "HEAD",
      headers: { accept: accepted, ...(authorization !== undefined && { authorization }) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
  const first = await ask(undefined);
  if (first.status !== 401) return first;
  const challenge = first.headers.get("www-authenticate") ?? "";
  if (/^basic/i.test(challenge)) return basic === undefined ? first : await ask(`Basic ${basic}`);
  const token = await fetchToken(challenge, basic, signal);
  return token === undefined ? first : await ask(`Bearer ${token}`);
}

async function fetchToken(
  challenge: string,
  basic: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const said = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
  // The address comes from the registry: credentials go to nobody but HTTPS.
  if (said["realm"] === undefined || !said["realm"].startsWith("https://")) return undefined;
  const address = new URL(said["realm"]);
  for (const key of ["service", "scope"]) if (said[key] !== undefined) address.searchParams.set(key, said[key]);
  const answer = await fetch(address, {
    headers: basic === undefined ? {} : { authorization: `Basic ${basic}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  if (!answer.ok) return undefined;
  const { token, access_token } = (await answer.json()) as { token?: string; access_token?: string };
  return token ?? access_token;
}
