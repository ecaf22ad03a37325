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
    const [first, ...others] = credentials.get(reference.host) ?? [];
    let said = await askManifest(reference, first, signal);
    for (const basic of others)
      if (isRefusal(said.status)) {
        const { shown } = said;
        said = await askManifest(reference, basic, signal);
        said.shown ||= shown;
      }
    return judge(image, reference, said, first !== undefined);
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

interface Said {
  status: number;
  /** Whether a pull secret was shown to it, or to who makes its tokens. */
  shown: boolean;
}

function judge(image: string, { host }: Reference, { status, shown }: Said, hasSecret: boolean): Pullable {
  if (status === 200) return { state: "there" };
  if (status === 404) return { state: "gone", why: `${host} has no such image or tag`, hint: replacement(image) };
  // Nodes may have credentials of their own. Docker Hub says this of what is gone as well.
  if (isRefusal(status) && !hasSecret && host !== dockerHub)
    return { state: "unknown", why: `${host} answers with status ${status} to who has no pull secret` };
  // A kubelet that is told to trust it may show it one all the same.
  if (isRefusal(status) && !shown && host !== dockerHub)
    return { state: "unknown", why: `${host} wants the pull secret, and without TLS it was not shown one` };
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
async function askManifest(reference: Reference, basic: string | undefined, signal: AbortSignal): Promise<Said> {
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
): Promise<Said> {
  const ask = async (authorization: string | undefined) =>
    await fetch(`${scheme}://${host}/v2/${repository}/manifests/${version}`, {
      method: "HEAD",
      headers: { accept: accepted, ...(authorization !== undefined && { authorization }) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
  const first = await ask(undefined);
  if (first.status !== 401) return { status: first.status, shown: false };
  const challenge = first.headers.get("www-authenticate") ?? "";
  if (/^basic/i.test(challenge))
    return basic === undefined
      ? { status: first.status, shown: false }
      : { status: (await ask(`Basic ${basic}`)).status, shown: true };
  const made = await fetchToken(challenge, basic, signal);
  const shown = made !== undefined && basic !== undefined;
  return { status: made?.token === undefined ? first.status : (await ask(`Bearer ${made.token}`)).status, shown };
}

/** @returns no token where who makes them refuses; nothing where nobody may be asked */
async function fetchToken(
  challenge: string,
  basic: string | undefined,
  signal: AbortSignal,
): Promise<{ token: string | undefined } | undefined> {
  const said = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
  // The address comes from the registry: credentials go to nobody but HTTPS.
  if (said["realm"] === undefined || !said["realm"].startsWith("https://")) return undefined;
  const address = new URL(said["realm"]);
  for (const key of ["service", "scope"]) if (said[key] !== undefined) address.searchParams.set(key, said[key]);
  const answer = await fetch(address, {
    headers: basic === undefined ? {} : { authorization: `Basic ${basic}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  if (!answer.ok) return { token: undefined };
  const { token, access_token } = (await answer.json()) as { token?: string; access_token?: string };
  return { token: token ?? access_token };
}
