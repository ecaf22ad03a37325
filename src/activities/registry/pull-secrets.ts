import type { KubernetesObject } from "../kubernetes/object.ts";
import { dockerHub } from "./reference.ts";

/** Each "user:password" in base64, by the host of a registry: the kubelet tries all that it has. */
export type Credentials = Map<string, string[]>;

const formats: Record<string, string> = {
  "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
  "kubernetes.io/dockercfg": ".dockercfg",
};

/** What pull secrets hold. Docker Hub is known by several names. */
export function credentialsOf(secrets: KubernetesObject[]): Credentials {
  const found: Credentials = new Map();
  for (const secret of secrets) {
    const data = secret["data"] as Record<string, string> | undefined;
    const text = data?.[formats[String(secret["type"])] ?? ""];
    if (text === undefined) continue;
    for (const [address, auth] of Object.entries(authsIn(Buffer.from(text, "base64").toString()))) {
      const host = address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
      const key = /(^|\.)docker\.io$/.test(host) ? dockerHub : host;
      const basic = auth.auth ?? Buffer.from(`${auth.username ?? ""}:${auth.password ?? ""}`).toString("base64");
      found.set(key, [...(found.get(key) ?? []), basic]);
    }
  }
  return found;
}

type Auths = Record<string, { auth?: string; username?: string; password?: string }>;

/** A Secret that is no JSON lets the kubelet pull as nobody; so do we. */
function authsIn(text: string): Auths {
  try {
    const parsed = JSON.parse(text) as { auths?: Auths } | Auths;
    return (("auths" in parsed ? parsed.auths : parsed) ?? {}) as Auths;
  } catch {
    return {};
  }
}
