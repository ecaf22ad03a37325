import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Layout } from "./layout.ts";

/** What the API server notes of who asked it for what. It goes with the cluster: open it before that, to read it afterwards. */

/** Who has made or deleted namespaces and volumes is what is asked afterwards. */
export const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "Metadata", verbs: ["delete"], resources: [{ group: "", resources: ["namespaces"] }] },
    {
      level: "Metadata",
      verbs: ["create", "delete", "deletecollection"],
      resources: [
        { group: "", resources: ["persistentvolumes", "persistentvolumeclaims"] },
        { group: "longhorn.io", resources: ["volumes", "snapshots", "backups"] },
      ],
    },
    { level: "None" },
  ],
};

export const auditLog = ({ directory }: Layout) => join(directory, "audit.log");

export interface Audited {
  /** The client's name for itself; empty where it says none. */
  user: string;
  verb: string;
  /** Plural of its kind. */
  resource: string;
  name: string;
  /** HTTP status of the answer. */
  status: number;
}

/** Requests of an audit log, refused ones included, the first one first. A line that is not whole yet is left out. */
export function auditedIn(text: string): Audited[] {
  const lines = text.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
  return lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .map(({ userAgent, verb, objectRef, responseStatus }) => {
      const { resource, name = "" } = objectRef;
      return { user: userAgent ?? "", verb, resource, name, status: responseStatus?.code ?? 0 };
    });
}

interface AuditEvent {
  userAgent?: string;
  verb: string;
  objectRef: { resource: string; name?: string };
  responseStatus?: { code: number };
}

/** Requests to delete a namespace that have reached the API server. */
export async function deletionsOf(layout: Layout, namespace: string): Promise<Pick<Audited, "user" | "status">[]> {
  return auditedIn(await readFile(auditLog(layout), "utf8"))
    .filter(({ resource, name }) => resource === "namespaces" && name === namespace)
    .map(({ user, status }) => ({ user, status }));
}
