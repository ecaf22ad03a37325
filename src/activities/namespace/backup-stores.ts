import { secrets } from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../kubernetes/session.ts";

/** A place where backups of a cluster are kept. */
export interface BackupStore {
  /** "BackupTarget longhorn-system/default" */
  name: string;
  /** Together with this one the backups are deleted; missing where the object only says where they are. */
  namespace?: string;
  /** Addresses through which it is reached. */
  urls: string[];
}

interface Kind {
  group: string;
  /** What backs up deletes the backups when it goes. */
  takesAlong: boolean;
  urls: (spec: Spec) => (string | undefined)[];
}

interface Spec {
  backupTargetURL?: string;
  credentialSecret?: string;
  config?: { s3Url?: string };
  backup?: { barmanObjectStore?: { endpointURL?: string } };
  configuration?: { endpointURL?: string };
  backups?: { pgbackrest?: { repos?: { s3?: { endpoint?: string } }[] } };
}

/** Longhorn, Velero, CloudNativePG (with and without its plugin), and Crunchy's operator with pgBackRest. */
const kinds: Record<string, Kind> = {
  BackupTarget: { group: "longhorn.io", takesAlong: true, urls: ({ backupTargetURL }) => [backupTargetURL] },
  BackupStorageLocation: { group: "velero.io", takesAlong: true, urls: ({ config }) => [config?.s3Url] },
  Cluster: {
    group: "postgresql.cnpg.io",
    takesAlong: false,
    urls: ({ backup }) => [backup?.barmanObjectStore?.endpointURL],
  },
  ObjectStore: {
    group: "barmancloud.cnpg.io",
    takesAlong: false,
    urls: ({ configuration }) => [configuration?.endpointURL],
  },
  PostgresCluster: {
    group: "postgres-operator.crunchydata.com",
    takesAlong: false,
    urls: ({ backups }) => (backups?.pgbackrest?.repos ?? []).map(({ s3 }) => s3?.endpoint),
  },
};

/** Of the whole cluster. Longhorn keeps the address of an S3 server in a Secret (its key AWS_ENDPOINTS). */
export async function backupStores({ cluster, resources }: Session): Promise<BackupStore[]> {
  const served = resources.filter(({ group, kind }) => kinds[kind]?.group === group);
  const listed = await Promise.all(served.map(async (kind) => (await cluster.list(kind)).objects));
  return await Promise.all(
    listed.flat().map(async (object) => {
      const { namespace = "" } = object.metadata;
      const { credentialSecret = "" } = (object.spec ?? {}) as Spec;
      return storeOf(
        object,
        credentialSecret === "" ? undefined : await cluster.get(secrets, credentialSecret, namespace),
      );
    }),
  );
}

/** @param secret that it names, where there is one */
function storeOf(object: KubernetesObject, secret?: KubernetesObject): BackupStore {
  const { kind, metadata, spec } = object;
  const { namespace = "" } = metadata;
  const { takesAlong, urls } = kinds[kind]!;
  const all = [...urls((spec ?? {}) as Spec), endpointIn(secret)].filter((url) => (url ?? "") !== "");
  return { name: `${kind} ${namespace}/${metadata.name}`, ...(takesAlong && { namespace }), urls: all as string[] };
}

function endpointIn(secret: KubernetesObject | undefined): string | undefined {
  const text = (secret?.["data"] as Record<string, string> | undefined)?.["AWS_ENDPOINTS"];
  return text === undefined ? undefined : Buffer.from(text, "base64").toString();
}
