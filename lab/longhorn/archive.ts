import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { blockSize } from "./backup-store.ts";

/** What a volume's folder holds, as blocks of one archive; the same files make the same blocks. */
export async function* blocksOf(folder: string): AsyncGenerator<Buffer> {
  const fixed = ["--sort=name", "--numeric-owner", "--format=posix", "--pax-option=delete=atime,delete=ctime"];
  const tar = spawn("tar", ["--create", ...fixed, "--file=-", `--directory=${folder}`, "."], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(tar, "close");
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of tar.stdout as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length < blockSize) continue;
    const all = Buffer.concat(pieces, length);
    const whole = length - (length % blockSize);
    for (let at = 0; at < whole; at += blockSize) yield all.subarray(at, at + blockSize);
    pieces = [all.subarray(whole)];
    length -= whole;
  }
  if (length > 0) yield Buffer.concat(pieces, length);
  const [code] = (await ended) as [number];
  // 1: a file was changed while it was read. A snapshot does not change.
  if (code !== 0) throw new Error(`tar ended with exit code ${code}`);
}

/** Puts the files of an archive into an empty folder. */
export async function unpack(folder: string, blocks: AsyncIterable<Buffer>): Promise<void> {
  await execa("tar", ["--extract", "--preserve-permissions", "--numeric-owner", "--file=-", `--directory=${folder}`], {
    stdin: blocks,
  });
}

/** Flips a bit in the middle of the largest file. */
export async function alterOneByte(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (path) => ({ path, size: (await stat(path)).size })));
  const [largest] = sizes.toSorted((a, b) => b.size - a.size);
  if (largest === undefined || largest.size === 0) return;
  const file = await open(largest.path, "r+");
  const at = Math.floor(largest.size / 2);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.from([byte[0]! ^ 1]), 0, 1, at);
  await file.close();
}

/** Bytes that the folder takes on the disk. */
export async function usedBytes(folder: string): Promise<number> {
  const { stdout } = await execa("du", ["--summarize", "--bytes", folder]);
  return Number(stdout.split("\t")[0]);
}
