import { readFile } from "node:fs/promises";

/** MiB of a process: resident, and its share of that (proc(5), smaps_rollup: Rss and Pss). Linux only. */
export async function memoryOf(pid: number): Promise<{ rss: number; pss: number }> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const value = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
  return { rss: value("Rss"), pss: value("Pss") };
}
