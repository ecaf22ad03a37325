import { type Figure, median, spread } from "../figure.ts";
import type { Lab } from "../lab.ts";
import { makeRounds, type Round } from "../rounds.ts";

/** What a drill costs beyond its own work: against a script with the same programs, SQL and readings of the dump. */
export async function overhead(lab: Lab): Promise<Figure[]> {
  const pairs = secondsOf(await makeRounds(lab, "script", "large"));
  // The measure of pgBackRest takes all databases of the server.
  await (await lab.shop("large")).server.sql("postgres", "drop database large");
  const ratios = pairs.map(({ engine, script }) => (engine / script - 1) * 100);
  const beyond = pairs.map(({ engine, script }) => engine - script);
  // Here a busy machine moves the numbers less than what is measured.
  const fixed = secondsOf(await makeRounds(lab, "script", "small")).map(({ engine, script }) => engine - script);
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
      what: "The same in seconds",
      value: median(beyond),
      unit: "s",
      note: spread(beyond, "s"),
    },
    {
      id: "overhead.fixed",
      what: "The same for a database of a few MiB: what a drill costs whatever the size of the data",
      value: median(fixed),
      unit: "s",
      aim: { most: 1.8 },
      note: `3 % of a drill of 60 s; ${spread(fixed, "s")}`,
    },
  ];
}

function secondsOf(rounds: Round[]): { engine: number; script: number }[] {
  return rounds.map(({ engine, script = NaN }) => ({ engine: engine.seconds, script }));
}
