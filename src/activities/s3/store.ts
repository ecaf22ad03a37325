import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { fail } from "../../failures.ts";
import type { BackupStoreAccess } from "../../plan/longhorn-schema.ts";
import { resolveSecret } from "../../secrets.ts";
import { awsTrouble } from "../aws-failure.ts";

/** A place in an S3 store, read by the worker itself. */
export interface Store {
  /** "s3://backups/cluster on https://minio.lan:9000", for messages. */
  name: string;
  /** Undefined where there is no such object. @param key below the place's own path */
  read: (key: string) => Promise<Buffer | undefined>;
  /** Keys below a path, and how many bytes each has. */
  list: (path: string) => AsyncIterable<{ key: string; bytes: number }>;
  close: () => void;
}

/** Where in which store. */
export interface Place {
  bucket: string;
  /** Undefined where the address names none. */
  region: string | undefined;
  /** Empty, or with a slash at its end. */
  path: string;
}

/** "s3://bucket@region/path", as Longhorn writes it; undefined for what is no S3 store. */
export function placeOf(url: string): Place | undefined {
  const [, bucket, region, path = ""] = /^s3:\/\/([^@/?#]+)(?:@([^/?#]*))?\/?([^?#]*)/.exec(url) ?? [];
  if (bucket === undefined) return undefined;
  const trimmed = path.replace(/^\/+|\/+$/g, "");
  return { bucket, region: region === "" ? undefined : region, path: trimmed === "" ? "" : `${trimmed}/` };
}

const requestMs = 60_000;

/**
 * Nothing is asked yet. What the store refuses is a failure: SYSTEM_UNREACHABLE, AUTHENTICATION_FAILED, PERMISSION_DENIED,
 * NO_BACKUP where there is no such bucket.
 */
export async function openStore(place: Place, access: BackupStoreAccess, signal: AbortSignal): Promise<Store> {
  const { endpoint, accessKey, secretKey } = access;
  const credentials =
    accessKey !== undefined && secretKey !== undefined
      ? { accessKeyId: await resolveSecret(accessKey), secretAccessKey: await resolveSecret(secretKey) }
      : undefined;
  const client = new S3Client({
    // A server of one's own has buckets as paths, and answers to any region.
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(place.region ? { region: place.region } : endpoint && { region: "us-east-1" }),
    ...(credentials && { credentials }),
  });
  const name = `s3://${place.bucket}/${place.path}${endpoint === undefined ? "" : ` on ${endpoint}`}`;
  const limit = () => ({ abortSignal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]) });
  const translate = (error: unknown) => {
    signal.throwIfAborted();
    return s3Failure(error, name);
  };

  async function read(key: string): Promise<Buffer | undefined> {
    try {
      const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.path + key });
      const { Body: body } = await client.send(command, limit());
      return Buffer.from((await body?.transformToByteArray()) ?? []);
    } catch (error) {
      if ((error as Error).name === "NoSuchKey") return undefined;
      throw translate(error);
    }
  }

  async function* list(path: string) {
    const prefix = place.path + path;
    try {
      const pages = paginateListObjectsV2({ client }, { Bucket: place.bucket, Prefix: prefix }, limit());
      for await (const { Contents: objects = [] } of pages)
        for (const { Key: key = "", Size: bytes = 0 } of objects) yield { key: key.slice(place.path.length), bytes };
    } catch (error) {
      throw translate(error);
    }
  }

  return { name, read, list, close: () => client.destroy() };
}

/** Turns what a person can mend into a failure; anything else stays what it is. */
function s3Failure(error: unknown, store: string): unknown {
  const trouble = awsTrouble(error);
  if (trouble === undefined) return error;
  const { about, code, said } = trouble;
  if (code === "NoSuchBucket")
    return fail(
      "NO_BACKUP",
      `there is no bucket behind ${store}`,
      "Correct the backup target, or `store`; then retry.",
    );
  switch (about) {
    case "credentials": {
      const hint = "Correct accessKey and secretKey of `store`, or the worker's AWS settings; then retry.";
      return fail("AUTHENTICATION_FAILED", `${store} does not accept the worker's credentials (${code})`, hint);
    }
    case "rights": {
      const hint = "Let its user list the bucket and read its objects (s3:ListBucket, s3:GetObject); then retry.";
      return fail("PERMISSION_DENIED", `the worker may not read ${store}: ${said}`, hint);
    }
    case "region":
      return fail("PLAN_INVALID", `the store ${store} needs a region`, "Write it into the backup target's address.");
    case "connection":
      return fail("SYSTEM_UNREACHABLE", `the store ${store} does not answer (${code})`);
    case "request":
      return fail("API_REFUSED", `the store ${store} refuses (${code}): ${said}`, "Mend what it names; then retry.");
  }
}
