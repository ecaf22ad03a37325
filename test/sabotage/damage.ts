import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open, stat, truncate } from "node:fs/promises";

/** Inverts one byte of a file. @param at from 0, the first, to 1, the last */
export async function flipByte(path: string, at: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const position = Math.floor(((await file.stat()).size - 1) * at);
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    await file.write(Buffer.from([byte[0]! ^ 0xff]), 0, 1, position);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Cuts the last byte off. */
export async function cutByte(path: string): Promise<void> {
  await truncate(path, (await stat(path)).size - 1);
}

/** Whether a small disk of one's own can be made here: it takes root. */
export const canMount = (() => {
  if (process.getuid?.() !== 0) return false;
  const place = mkdtempSync("/tmp/fdm-");
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place]).status === 0;
  if (mounted) spawnSync("umount", [place]);
  rmSync(place, { recursive: true });
  return mounted;
})();
