import { parseArgs } from "node:util";
import { interrupted, openHouse } from "../demo/house.ts";
import { ensurePrograms } from "../lab/packages.ts";
import { terminalTalk } from "../lab/terminal.ts";
import { reportFailure } from "../src/cli/failure.ts";
import { findTemporal } from "../src/temporal/find-server.ts";
import type { Figure } from "./figure.ts";
import { isMet } from "./figure.ts";
import { type Lab, makeLab } from "./lab.ts";
import { history } from "./measures/history.ts";
import { hundred } from "./measures/hundred.ts";
import { memory } from "./measures/memory.ts";
import { overhead } from "./measures/overhead.ts";
import { physical } from "./measures/physical.ts";
import { ready } from "./measures/ready.ts";
import { resume } from "./measures/resume.ts";
import { start } from "./measures/start.ts";
import { dump, restore } from "./measures/throughput.ts";
import { type Round, roundsOf } from "./rounds.ts";
import { describeRun, save, savedResults } from "./results.ts";
import { describeMachine, markdownTable, plainTable, rowsOf } from "./table.ts";

/** `npm run bench`: what Firedrill costs and how fast it is, on real servers; see `help`. */

type Measure = (lab: Lab, rounds: () => Promise<Round[]>) => Promise<Figure[]>;

/** In this order: the one that destroys the whole cluster comes after all that use its data. */
const measures: Record<string, Measure> = {
  start,
  memory,
  history,
  resume,
  overhead,
  dump,
  restore,
  physical,
  hundred,
  ready,
};
const names = Object.keys(measures);

const help = `npm run bench -- [measure …] [--quick] [--json] [--save]

Measures: ${names.join(", ")}; all of them otherwise.
  --quick  little data and few rounds: shows that all works, measures nothing
  --json   the figures as JSON on standard output
  --save   writes docs/proof/bench.json and bench.md, with which later runs are compared`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const chosen = positionals.length === 0 ? names : names.filter((name) => positionals.includes(name));

function say(line: string): void {
  if (options.json) console.error(line);
  else console.log(line);
}

async function main(): Promise<number> {
  const unknown = positionals.find((name) => !names.includes(name));
  if (options.help || unknown !== undefined) {
    console.error(unknown === undefined ? help : `There is no measure "${unknown}".\n\n${help}`);
    return unknown === undefined ? 0 : 2;
  }
  if (chosen.includes("ready") && process.getuid?.() !== 0) {
    console.error(
      "error: measure ready makes a Kubernetes cluster, which needs root\nhint: Name the other measures, or run as root.",
    );
    return 2;
  }
  await ensurePrograms(["postgres", "pgbackrest"], { ...terminalTalk(), say });
  await findTemporal(say);
  const house = await openHouse();
  try {
    return await bench(makeLab(house, options.quick, say));
  } catch (error) {
    if (error !== interrupted) throw error;
    return 130;
  } finally {
    say("Cleaning up ...");
    await house.close();
  }
}

async function bench(lab: Lab): Promise<number> {
  const startedAt = performance.now();
  const rounds = roundsOf(lab);
  const figures: Figure[] = [];
  for (const name of chosen) {
    say(`Measuring ${name} ...`);
    figures.push(...(await measures[name]!(lab, rounds)));
  }
  const results = await describeRun(figures);
  const before = await savedResults();
  const rows = rowsOf(figures, options.quick ? undefined : before);
  const missed = figures.filter((figure) => isMet(figure) === false);
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else {
    say(`\n${plainTable(rows)}\n`);
    say(describeMachine(results));
    if (before !== undefined && !options.quick) say(`Before: ${describeMachine(before)}`);
    say(
      options.quick
        ? "Quick: these numbers say nothing."
        : `${missed.length} of ${figures.length} figures miss their aim.`,
    );
  }
  if (options.save && !options.quick && chosen.length === names.length)
    await save(results, `${describeMachine(results)}.\n\n${markdownTable(rows)}\n`);
  else if (options.save) say("Not saved: only a run of all measures, not a quick one, is kept.");
  say(`All in all ${Math.round((performance.now() - startedAt) / 1000)} s.`);
  const broken = options.quick ? [] : missed.filter(({ promised }) => promised);
  for (const { what } of broken) console.error(`error: promised, and missed: ${what}`);
  return broken.length === 0 ? 0 : 1;
}

process.exit(await main().catch(reportFailure));
