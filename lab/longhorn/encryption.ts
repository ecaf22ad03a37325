import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Volume } from "./objects.ts";
import type { StandIn } from "./stand-in.ts";

/**
 * What a volume's disk would hold: a file system, or LUKS with a key. Real: that the driver takes the key from the secrets of the
 * PersistentVolume, that a disk is formatted when it is mounted for the first time, that its format comes back with its backup,
 * and what cannot be mounted: LUKS without a key, with another key, or by a volume that is not marked as encrypted, and a plain
 * file system by one that is. Not real: no byte is encrypted, neither on the disk nor in the store; a hash of the key stands
 * for the header of LUKS, and lies beside the volume's files instead of before them.
 */

const plain = "ext4";
const luks = (key: string) => `crypto_LUKS ${createHash("sha256").update(key).digest("hex")}`;

/** Undefined for a disk that was never mounted. */
export async function formatOf({ formatFileOf }: StandIn, volume: string): Promise<string | undefined> {
  return await readFile(formatFileOf(volume), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** @param format as `formatOf` says it; undefined: none any more */
export async function setFormat({ formatFileOf }: StandIn, volume: string, format: string | undefined): Promise<void> {
  const file = formatFileOf(volume);
  if (format === undefined) return await rm(file, { force: true });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, format);
}

/** Before a volume is mounted; what was never mounted is formatted. @throws why it cannot be mounted */
export async function openDisk(standIn: StandIn, volume: Volume, secrets: Record<string, string>): Promise<void> {
  const { name } = volume.metadata;
  const wanted = volume.spec.encrypted === true ? luks(keyIn(name, secrets)) : plain;
  const found = await formatOf(standIn, name);
  if (found === undefined) return await setFormat(standIn, name, wanted);
  if (found === wanted) return;
  if (wanted === plain) throw new Error(`mount of ${name} failed: unknown filesystem type 'crypto_LUKS'`);
  if (found === plain) throw new Error(`unsupported disk encryption format ${plain} of volume ${name}`);
  throw new Error(`failed to open encrypted volume ${name}: No key available with this passphrase.`);
}

function keyIn(volume: string, secrets: Record<string, string>): string {
  const { CRYPTO_KEY_PROVIDER: provider = "secret", CRYPTO_KEY_VALUE: key = "" } = secrets;
  if (provider !== "secret") throw new Error(`unsupported key provider ${provider} for encrypted volume ${volume}`);
  if (key === "") throw new Error(`missing passphrase for encrypted volume ${volume}`);
  return key;
}
