import { watchFile } from "node:fs";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect, type KubernetesObject } from "./api.ts";
import type { SecretStore } from "./infisical.ts";

/**
 * A stand-in for Infisical's operator. Real: InfisicalSecrets and what they become, conditions with their messages, the token of
 * the service account or the Secret with credentials, without which it cannot log in, and that it tries again after
 * `resyncInterval`. Not real: the store, which is a file that every project, environment and path shares; a change of it is seen
 * within a second; no templates, no ConfigMaps, no restart of workloads.
 * Started as `node infisical-operator.ts KUBECONFIG FILE`.
 */
const [kubeconfig = "", file = ""] = process.argv.slice(2);

interface SecretReference {
  secretName: string;
  secretNamespace: string;
}

interface Managed extends SecretReference {
  creationPolicy: string;
  secretType: string;
}

interface InfisicalSecret extends KubernetesObject {
  spec: {
    resyncInterval?: number;
    authentication?: {
      kubernetesAuth?: { serviceAccountRef: { name: string; namespace: string } };
      universalAuth?: { credentialsRef: SecretReference };
    };
    managedSecretReference?: Managed;
    managedKubeSecretReferences?: Managed[];
  };
  status?: { conditions?: Condition[] };
}

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime: string;
}

const api = await connect(kubeconfig);
const apiVersion = "secrets.infisical.com/v1alpha1";
const all = new Map<string, { object: InfisicalSecret; timer?: NodeJS.Timeout }>();
/** Whoever has logged in once does not do so again. */
const loggedIn = new Map<string, string>();

/** Where the definition gives no default: without an interval it would try again at once, for ever, and drown the API server. */
const usualResyncSeconds = 60;

/** @returns the way of login by its name */
async function logIn({ metadata, spec }: InfisicalSecret, { failure }: SecretStore): Promise<string> {
  const { kubernetesAuth, universalAuth } = spec.authentication ?? {};
  const known = loggedIn.get(metadata.uid);
  if (known !== undefined) return known;
  if (kubernetesAuth !== undefined) {
    const { namespace, name } = kubernetesAuth.serviceAccountRef;
    const token = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } };
    const made = await api.call("POST", `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, token);
    const missing = `failed to create token: serviceaccounts "${name}" not found`;
    if (made === undefined) throw new Error(`unable to get service account token [err=${missing}]`);
    if (failure !== undefined) throw new Error(`unable to login with Kubernetes native auth [err=${failure}]`);
    return "KUBERNETES_AUTH_MACHINE_IDENTITY";
  }
  if (universalAuth === undefined) throw new Error("no authentication method provided");
  const { secretName, secretNamespace } = universalAuth.credentialsRef;
  const path = `/api/v1/namespaces/${secretNamespace}/secrets/${secretName}`;
  if ((await api.call("GET", path)) === undefined) throw new Error("no authentication method provided");
  if (failure !== undefined) throw new Error(`unable to login with machine identity credentials [err=${failure}]`);
  return "UNIVERSAL_MACHINE_IDENTITY";
}

async function write(owner: InfisicalSecret, managed: Managed, secrets: Record<string, string>): Promise<void> {
  const { secretName: name, secretNamespace, creationPolicy, secretType: type } = managed;
  const path = `/api/v1/namespaces/${secretNamespace}/secrets`;
  const data = Object.fromEntries(
    Object.entries(secrets).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
  const tag = `"${createHash("sha256").update(JSON.stringify(secrets)).digest("hex")}"`;
  const annotations = { "secrets.infisical.com/version": tag };
  const present = await api.call<{ data?: object }>("GET", `${path}/${name}`);
  if (present !== undefined) {
    // A merge patch keeps keys that it does not name.
    const gone = Object.fromEntries(Object.keys(present.data ?? {}).map((key) => [key, null]));
    await api.call("PATCH", `${path}/${name}`, { metadata: { annotations }, data: { ...gone, ...data } });
    return;
  }
  const { name: ownerName, uid, labels } = owner.metadata;
  const reference = { apiVersion, kind: "InfisicalSecret", name: ownerName, uid };
  const ownerReferences = [{ ...reference, controller: true, blockOwnerDeletion: true }];
  const metadata = { name, labels, annotations, ...(creationPolicy === "Owner" && { ownerReferences }) };
  await api.call("POST", path, { apiVersion: "v1", kind: "Secret", type, metadata, data });
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

type Finding = [type: string, status: "True" | "False", reason: string, message: string];

/** What the object's conditions shall say after another attempt. */
async function synchronise(object: InfisicalSecret): Promise<Finding[]> {
  const { metadata, spec } = object;
  const store = JSON.parse(await readFile(file, "utf8")) as SecretStore;
  const failed = (what: string): Finding[] => [
    [
      "ReadyToSyncSecrets",
      "False",
      "Error",
      `Failed to sync secrets. This can be caused by invalid access token or an invalid API host that is set. Error: ${what}`,
    ],
    [
      "AutoRedeployReady",
      "False",
      "Stopped",
      `Auto redeployment has been stopped because the operator failed to sync secrets. Error: ${what}`,
    ],
  ];
  const token = "Infisical controller has loaded the Infisical token in provided Kubernetes secret";
  const login = await logIn(object, store).catch((error: unknown) => new Error(message(error)));
  if (login instanceof Error) {
    const why = `Failed to load Infisical Token from the provided Kubernetes secret because: ${login.message}`;
    return [
      ["LoadedInfisicalToken", "False", "Error", why],
      ...failed(`unable to authenticate [err=${login.message}]`),
    ];
  }
  loggedIn.set(metadata.uid, login);
  const loaded: Finding = ["LoadedInfisicalToken", "True", "OK", `${token}, using ${login} authentication strategy`];
  const fetching = "failed to fetch secrets from API for managed secrets";
  if (store.failure !== undefined)
    return [loaded, ...failed(`${fetching} [err=\nfailed to get secrets because [err=${store.failure}]]`)];
  const managed = spec.managedKubeSecretReferences ?? [];
  try {
    for (const one of [...managed, ...(spec.managedSecretReference === undefined ? [] : [spec.managedSecretReference])])
      await write(object, one, store.secrets);
  } catch (error) {
    return [loaded, ...failed(`failed to create managed secret [err=${message(error)}]`)];
  }
  const count = Object.keys(store.secrets).length;
  const started = `Infisical controller has started syncing your secrets. Last reconcile synced ${count} secrets`;
  const redeploy = "Infisical has found 0 deployments which are ready to be auto redeployed when secrets change";
  return [loaded, ["ReadyToSyncSecrets", "True", "OK", started], ["AutoRedeployReady", "True", "OK", redeploy]];
}

async function reconcile(uid: string): Promise<void> {
  const known = all.get(uid);
  if (known === undefined) return;
  clearTimeout(known.timer);
  const seconds = known.object.spec.resyncInterval ?? usualResyncSeconds;
  known.timer = setTimeout(() => void reconcile(uid), seconds * 1000);
  const { namespace, name } = known.object.metadata;
  const path = `/apis/${apiVersion}/namespaces/${namespace}/infisicalsecrets/${name}`;
  try {
    const findings = await synchronise(known.object);
    const before = known.object.status?.conditions ?? [];
    const now = new Date().toISOString().replace(/\.\d+/, "");
    const conditions = findings.map(([kind, status, reason, text]) => {
      const type = `secrets.infisical.com/${kind}`;
      const same = before.find((one) => one.type === type && one.status === status);
      return { type, status, reason, message: text, lastTransitionTime: same?.lastTransitionTime ?? now };
    });
    if (JSON.stringify(conditions) !== JSON.stringify(before))
      await api.call("PATCH", `${path}/status`, { status: { conditions } });
  } catch (error) {
    console.error(`${namespace}/${name}: ${message(error)}`);
  }
}

watchFile(file, { interval: 500 }, () => void Promise.all([...all.keys()].map(reconcile)));
for await (const { object, gone } of api.follow<InfisicalSecret>(`/apis/${apiVersion}/infisicalsecrets`)) {
  const { uid, generation, deletionTimestamp } = object.metadata;
  const known = all.get(uid);
  if (gone || deletionTimestamp !== undefined) {
    clearTimeout(known?.timer);
    all.delete(uid);
    loggedIn.delete(uid);
  } else {
    all.set(uid, { object, ...(known?.timer && { timer: known.timer }) });
    // As the real one: what it writes itself is no reason to begin again.
    if (known?.object.metadata.generation !== generation) void reconcile(uid);
  }
}
