import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { text } from "node:stream/consumers";
import type { Api, KubernetesObject } from "../operators/api.ts";
import { refuseChange, refuseDeletion, rulesOfCreation } from "./admission.ts";

interface Reviewed extends KubernetesObject {
  spec: object;
}

interface Review {
  request: {
    uid: string;
    operation: "CREATE" | "UPDATE" | "DELETE";
    resource: { resource: string };
    object: Reviewed | null;
    oldObject: Reviewed | null;
  };
}

const kinds = ["volumes", "snapshots", "backups", "backupvolumes", "backuptargets"];

/** Where the certificate of the webhooks lies, and where the API server asks for them. */
export interface WebhookPlace {
  address: string;
  port: number;
  /** `.crt` and `.key` are added. */
  certificate: string;
  authority: string;
}

/** The webhooks, as Longhorn registers its own when it starts: without it nothing of its kinds can be written. */
export async function serveWebhooks(api: Api, place: WebhookPlace): Promise<void> {
  const { address, port, certificate, authority } = place;
  const files = { cert: readFileSync(`${certificate}.crt`), key: readFileSync(`${certificate}.key`) };
  const server = createServer(files, (incoming, response) => {
    const answer = async () => {
      const review = JSON.parse(await text(incoming)) as Review;
      const judged = await judge(api, incoming.url?.startsWith("/v1/webhook/mutation") === true, review);
      const apiVersion = "admission.k8s.io/v1";
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ apiVersion, kind: "AdmissionReview", response: judged }));
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(port, resolve));
  const caBundle = readFileSync(authority).toString("base64");
  const url = `https://${address}:${port}/v1/webhook`;
  await register("Mutating", "longhorn-webhook-mutator", `${url}/mutation`, ["CREATE"]);
  await register("Validating", "longhorn-webhook-validator", `${url}/validation`, ["UPDATE", "DELETE"]);

  async function register(sort: string, name: string, at: string, operations: string[]): Promise<void> {
    const path = `/apis/admissionregistration.k8s.io/v1/${sort.toLowerCase()}webhookconfigurations`;
    const rules = [{ apiGroups: ["longhorn.io"], apiVersions: ["v1beta2"], resources: kinds, operations }];
    const webhook = {
      name: `${sort === "Mutating" ? "mutator" : "validator"}.longhorn.io`,
      clientConfig: { url: at, caBundle },
      rules,
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
    };
    const object = { metadata: { name }, webhooks: [webhook] };
    const kind = `${sort}WebhookConfiguration`;
    if ((await api.call("GET", `${path}/${name}`)) !== undefined) await api.call("PATCH", `${path}/${name}`, object);
    else await api.call("POST", path, { apiVersion: "admissionregistration.k8s.io/v1", kind, ...object });
  }
}

async function judge(api: Api, mutates: boolean, { request }: Review): Promise<object> {
  const { uid, operation, object, oldObject, resource } = request;
  const plural = resource.resource;
  try {
    if (!mutates && operation === "UPDATE") refuseChange(plural, oldObject!, object!);
    if (!mutates && operation === "DELETE") refuseDeletion(plural, oldObject!);
    const rule = rulesOfCreation[plural];
    if (!mutates || rule === undefined) return { uid, allowed: true };
    const { metadata, spec } = await rule(api, object!);
    const patch = Object.entries({ metadata, spec }).map(([key, value]) => ({ op: "add", path: `/${key}`, value }));
    return {
      uid,
      allowed: true,
      patchType: "JSONPatch",
      patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
    };
  } catch (error) {
    const name = (object ?? oldObject)?.metadata.name ?? "";
    const message = `${plural} ${name}: ${(error as Error).message}`;
    return { uid, allowed: false, status: { code: 422, reason: "Invalid", message } };
  }
}
