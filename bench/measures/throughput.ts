import type { Lab } from "../lab.ts";
import { type Figure, median, spread } from "../figure.ts";
import type { Round } from "../rounds.ts";
import { stepSeconds } from "../run.ts";

/** The step `backup` with its checksums of all rows and files, against `pg_dump | gzip`, which proves nothing. */
export async function dump(lab: Lab, rounds: () => Promise<Round[]>): Promise<Figure[]> {
  const all = await rounds();
  const { bytes } = await lab.shop("whole");
  const step = all.map(({ engine }) => stepSeconds(engine.record, "backup/shop"));
  const ratios = all.map(({ plain }, n) => (plain?.dump ?? NaN) / step[n]!);
  return [
    {
      id: "dump.ratio",
      what: "A backup, checksums of all rows included, is so many times as fast as `pg_dump | gzip`",
      value: median(ratios),
      unit: "times",
      aim: { least: 2 },
      note: spread(ratios, "times"),
    },
    throughput("dump", "backup", bytes, step),
    throughput(
      "plain-dump",
      "`pg_dump | gzip`",
      bytes,
      all.map(({ plain }) => plain?.dump ?? NaN),
    ),
  ];
}

/** The step `restore`, which reads the checksums of the dump's files first, against `gunzip | psql`. */
export async function restore(lab: Lab, rounds: () => Promise<Round[]>): Promise<Figure[]> {
  const all = await rounds();
  const { bytes } = await lab.shop("whole");
  const step = all.map(({ engine }) => stepSeconds(engine.record, "restore/shop"));
  const ratios = all.map(({ plain }, n) => (plain?.restore ?? NaN) / step[n]!);
  return [
    {
      id: "restore.ratio",
      what: "A logical restore is so many times as fast as `gunzip | psql`",
      value: median(ratios),
      unit: "times",
      aim: { least: 1.5 },
      note: spread(ratios, "times"),
    },
    throughput("restore", "restore", bytes, step),
    throughput(
      "plain-restore",
      "`gunzip | psql`",
      bytes,
      all.map(({ plain }) => plain?.restore ?? NaN),
    ),
  ];
}

export function throughput(id: string, what: string, bytes: number, seconds: number[]): Figure {
  return {
    id: `${id}.rate`,
    what: `Throughput of ${what}, by the size of the database`,
    value: bytes / 2 ** 20 / median(seconds),
    unit: "MiB/s",
    note: `${(bytes / 2 ** 20).toFixed(0)} MiB; ${spread(seconds, "s")}`,
  };
}
