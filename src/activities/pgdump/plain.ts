import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import type { Writable } from "node:stream";
import { createGunzip } from "node:zlib";
import { describeFailure, fail } from "../../failures.ts";

/** The text of a plain dump; `.gz` files are decompressed, and a cut or damaged one ends in an error. */
function openPlain(path: string): NodeJS.ReadableStream {
  const file = createReadStream(path);
  if (!path.endsWith(".gz")) return file;
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

const trailer = "-- PostgreSQL database dump complete";

/**
 * Reads a plain dump to its end. psql is content with a dump that was cut at the end of a line, so the trailer that
 * pg_dump writes last must be there; and a dump that changes to another database must not be loaded into this one.
 * @throws BACKUP_NOT_VERIFIED
 */
export async function checkPlain(path: string): Promise<void> {
  const broken = (what: string, hint?: string) => fail("BACKUP_NOT_VERIFIED", `the plain dump ${path} ${what}`, hint);
  let complete = false;
  let inCopy = false;
  const lines = createInterface({ input: openPlain(path), crlfDelay: Infinity });
  const failed = new Promise<never>((_, reject) =>
    (lines as unknown as { input: NodeJS.ReadableStream }).input.on("error", reject),
  );
  try {
    await Promise.race([failed, scan()]);
  } catch (error) {
    if (describeFailure(error).type === "BACKUP_NOT_VERIFIED") throw error;
    throw broken(`cannot be read to its end: ${(error as Error).message}`);
  }
  if (!complete)
    throw broken(
      "is not complete: pg_dump's last line is missing",
      "It was cut while it was written: take an older one.",
    );

  async function scan(): Promise<void> {
    for await (const line of lines) {
      if (inCopy) inCopy = line !== "\\.";
      else if (/^COPY .* FROM stdin;$/.test(line)) inCopy = true;
      else if (/^\\connect\b|^\\c\b/.test(line))
        throw broken("changes to another database", "Dump without --create (and not by pg_dumpall).");
      else if (line.startsWith(trailer)) complete = true;
    }
  }
}

/** Feeds a plain dump to a writable; used by the loading program. */
export async function feed(path: string, into: Writable, progress: (bytes: number) => void): Promise<void> {
  let bytes = 0;
  const source = openPlain(path);
  source.on("data", (chunk: Buffer) => progress((bytes += chunk.length)));
  await pipeline(source, into);
}
