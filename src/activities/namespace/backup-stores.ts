import { secrets } from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../kubernetes/session.ts";

/** A place where backups of a cluster are kept. */
export interface BackupStore {
  /** "BackupTarget longhorn-system/default" */
  name: string;
  namespace: string;
  /** Addresses through which it is reached. */
  urls: string[];
}

const kinds = [
  { group: "longhorn.io", kind: "BackupTarget" },
  { group: "velero.io", kind: "BackupStorageLocation" },
];

/** Longhorn's and Velero's. Longhorn keeps the address of an S3 server in a Secret (its key AWS_ENDPOINTS). */
export async function backupStores({ cluster, resources }: Session): Promise<BackupStore[]> {
  const served = resources.filter(({ group, kind }) => kinds.some((one) => one.group === group && one.kind === kind));
  const listed = await Promise.all(served.map(async (kind) => (await cluster.list(kind)).objects));
  return await Promise.all(
    listed.flat().map(async (object) => {
      const { namespace = "" } = object.metadata;
      const { backupTargetURL, credentialSecret, config } = (object.spec ?? {}) as Spec;
      const named = (credentialSecret ?? "") !== "";
      const secret = named ? await cluster.get(secrets, credentialSecret!, namespace) : undefined;
      const urls = [backupTargetURL, config?.s3Url, endpointIn(secret)].filter((url) => (url ?? "") !== "");
      return { name: `${object.kind} ${namespace}/${object.metadata.name}`, namespace, urls: urls as string[] };
    }),
  );
}

interface Spec {
  backupTargetURL?: string;
  credentialSecret?: string;
  config?: { s3Url?: string };
}

function endpointIn(secret: KubernetesObject | undefined): string | undefined {
  const text = (secret?.["data"] as Record<string, string> | undefined)?.["AWS_ENDPOINTS"];
  return text === undefined ? undefined : Buffer.from(text, "base64").toString();
}
