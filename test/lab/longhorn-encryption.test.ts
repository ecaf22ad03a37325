import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatOf, openDisk, setFormat } from "../../lab/longhorn/encryption.ts";
import type { Volume } from "../../lab/longhorn/objects.ts";
import type { StandIn } from "../../lab/longhorn/stand-in.ts";

/** Which volumes the lab's Longhorn mounts, and with which key. */

let directory: string;
let standIn: StandIn;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-encryption-"));
  standIn = { formatFileOf: (volume: string) => join(directory, volume) } as StandIn;
});
afterEach(() => rm(directory, { recursive: true }));

const volume = (name: string, encrypted: boolean) => ({ metadata: { name }, spec: { encrypted } }) as Volume;
const key = (value: string) => ({ CRYPTO_KEY_VALUE: value });
/** Mounts a volume for the first time, and gives another one what its backup holds. */
async function restored(isEncrypted: boolean): Promise<void> {
  await openDisk(standIn, volume("old", isEncrypted), key("right"));
  await setFormat(standIn, "new", await formatOf(standIn, "old"));
}

test.each([
  ["with its key", true, key("right")],
  ["without one", false, {}],
])("a restored volume is mounted as the one that was backed up: %s", async (_, isEncrypted, secrets) => {
  await restored(isEncrypted);
  await expect(openDisk(standIn, volume("new", isEncrypted), secrets)).resolves.toBeUndefined();
});

test.each<[string, boolean, boolean, Record<string, string>, string]>([
  ["without its key", true, true, {}, "missing passphrase"],
  ["with another key", true, true, key("wrong"), "No key available with this passphrase"],
  ["as a plain one", true, false, key("right"), "unknown filesystem type 'crypto_LUKS'"],
  ["as an encrypted one, which it was not", false, true, key("right"), "unsupported disk encryption format ext4"],
  ["with a key of another provider", true, true, { CRYPTO_KEY_PROVIDER: "vault" }, "unsupported key provider vault"],
])("a restored volume is not mounted %s", async (_, was, is, secrets, words) => {
  await restored(was);
  await expect(openDisk(standIn, volume("new", is), secrets)).rejects.toThrow(words);
});

test("a new volume is formatted when it is mounted, and never without a key where it is encrypted", async () => {
  await expect(openDisk(standIn, volume("new", true), {})).rejects.toThrow("missing passphrase");
  expect(await formatOf(standIn, "new")).toBeUndefined();
  await openDisk(standIn, volume("new", false), {});
  expect(await formatOf(standIn, "new")).toBe("ext4");
});
