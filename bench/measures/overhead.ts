import { type Figure, median, spread } from "../figure.ts";
import type { Round } from "../rounds.ts";

/** What a drill costs beyond its own work: against a script with the same programs, SQL and readings of the dump. */
export async function overhead(rounds: () => Promise<Round[]>): Promise<Figure[]> {
  const pairs = (await rounds()).map(({ engine, script = NaN }) => ({ engine: engine.seconds, script }));
  const ratios = pairs.map(({ engine, script }) => (engine / script - 1) * 100);
  const beyond = pairs.map(({ engine, script }) => engine - script);
  return [
    {
      id: "overhead.percent",
      what: "A drill takes longer than a shell script that does the same, by",
      value: median(ratios),
      unit: "%",
      aim: { most: 3 },
      note: `drill of ${median(pairs.map(({ engine }) => engine)).toFixed(1)} s; ${spread(ratios, "%")}`,
    },
    {
      id: "overhead.seconds",
      what: "The same in seconds, whatever the size of the data",
      value: median(beyond),
      unit: "s",
      note: spread(beyond, "s"),
    },
  ];
}
