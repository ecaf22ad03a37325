import { execa } from "execa";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export const officialArchive = "https://temporal.download/cli/archive";

/** A machine without internet must go on quickly; a slow one may be slow. */
const patience = { answerMs: 5_000, silenceMs: 30_000 };

const platforms: Partial<Record<NodeJS.Platform, string>> = { linux: "linux", darwin: "darwin", win32: "windows" };
const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", arm64: "arm64" };

/** Downloads the official archive and unpacks it into a directory. @throws Error with the reason, for a person */
export async function downloadTemporal(
  archive: string,
  version: string,
  directory: string,
  say: (line: string) => void,
): Promise<void> {
  const platform = platforms[process.platform];
  const architecture = architectures[process.arch];
  if (!platform || !architecture) throw new Error(`there is none for ${process.platform} on ${process.arch}`);
  const url = `${archive}/v${version}?platform=${platform}&arch=${architecture}`;
  const file = join(directory, "archive");
  say(`Downloading ${url} (about 40 MB).`);
  await download(url, file);
  const { failed, stderr, shortMessage } = await execa("tar", ["-xf", file, "-C", directory], { reject: false });
  if (failed) throw new Error(`${url}: what came cannot be unpacked (${stderr.trim().split("\n")[0] || shortMessage})`);
  await rm(file);
}

async function download(url: string, file: string): Promise<void> {
  const controller = new AbortController();
  const giveUp = (ms: number) =>
    setTimeout(() => controller.abort(new Error(`${url}: no answer in ${ms / 1000} s`)), ms);
  let timer = giveUp(patience.answerMs);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    clearTimeout(timer);
    timer = giveUp(patience.silenceMs);
    await pipeline(
      response.body,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          timer.refresh();
          yield chunk;
        }
      },
      createWriteStream(file),
    );
  } catch (error) {
    // fetch says only "fetch failed" or "terminated"; the cause says why.
    const { cause } = error as Error;
    throw cause instanceof Error ? new Error(`${url}: ${cause.message}`, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}
