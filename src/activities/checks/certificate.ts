import { X509Certificate } from "node:crypto";
import type { CheckOf } from "../../plan/check-schema.ts";
import { conditionOf } from "../kubernetes/object.ts";
import { plainKind } from "./kind.ts";
import { sessionOf } from "./session-of.ts";

/** cert-manager's own word for it (condition Ready of a Certificate), and the certificate itself. */
export const certificate = plainKind<CheckOf<"certificate">>({
  title: ({ namespace, name }) => `Certificate ${namespace}/${name}`,
  expected: () => "issued, in its Secret, and valid now",
  async ask({ namespace, name }, around) {
    const { cluster } = sessionOf(around);
    const object = await cluster.get(await cluster.resourceOf("cert-manager.io/v1", "Certificate"), name, namespace);
    if (object === undefined) return { ok: false, found: "there is no such Certificate" };
    const ready = conditionOf(object, "Ready");
    if (ready?.status !== "True") return { ok: false, found: `not issued: ${ready?.message ?? "it says nothing"}` };
    const { secretName } = object.spec as { secretName: string };
    const secret = await cluster.get(await cluster.resourceOf("v1", "Secret"), secretName, namespace);
    const { "tls.crt": pem = "" } = (secret?.["data"] ?? {}) as Record<string, string>;
    if (pem === "") return { ok: false, found: `Secret ${secretName} has no certificate` };
    const { validFromDate, validToDate } = new X509Certificate(Buffer.from(pem, "base64"));
    const now = new Date();
    return { ok: validFromDate <= now && now < validToDate, found: `valid until ${validToDate.toISOString()}` };
  },
});
