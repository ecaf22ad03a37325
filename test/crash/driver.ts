import { expect } from "vitest";
import { noteRow } from "../support/matrix.ts";
import { activitiesOf, nothingLeft, nothingTwice, programsAdopted, timesAreTrue } from "./checks.ts";
import { goesOn, harm, type Scene } from "./harm.ts";
import type { Row } from "./row.ts";
import type { Stage } from "./stage.ts";

/** A step goes on within so many seconds after the next worker was started. */
const resumeSeconds = Number(process.env["FIREDRILL_RESUME_SECONDS"] ?? 3);

/** What happens while the hit step stands at its point. @returns seconds until it went on, of at most so many */
export type Blow = (scene: Scene) => Promise<{ seconds: number; atMost: number }>;

const kill: Blow = async (scene) => {
  const since = await harm(scene);
  return { seconds: (await goesOn(scene, since)) / 1_000, atMost: resumeSeconds };
};

/** Runs a drill, strikes where the row says, and looks at everything when the run has ended. */
export async function crash(stage: Stage, row: Row, blow: Blow = kill): Promise<void> {
  try {
    const drill = await stage.set(row);
    const hold = await drill.hooks.hold(row.at);
    const run = await drill.start(row.type, row.type === "exercise" ? { scenario: row.scenario } : {});
    const scene: Scene = { drill, row, run, hold, effect: await hold.reached() };
    const { seconds, atMost } = await blow(scene);
    await hold.release();
    const record = await run.end();
    expect(record.verdict, record.summary).toBe("PASS");
    const [activities, effects] = await Promise.all([activitiesOf(run.handle), drill.hooks.effects()]);
    nothingTwice(activities, effects);
    programsAdopted(scene, effects);
    timesAreTrue(record);
    await nothingLeft(scene, record);
    expect(seconds, "seconds until the step went on").toBeLessThan(atMost);
    await noteRow({
      drill: row.type === "exercise" ? `${stage.kind}, scenario ${row.scenario}` : `${stage.kind}, ${row.type}`,
      step: row.step === "1" ? "read the plan" : row.step,
      moment: row.moment,
      killed: row.victim,
      attempts: activities.find(({ id }) => id === row.step)?.attempt ?? 0,
      "resumed after (s)": seconds.toFixed(1),
      verdict: record.verdict ?? "",
    });
    await stage.tidy();
  } catch (error) {
    await stage.remove();
    throw error;
  }
}

export const nameOf = ({ type, scenario, step, moment, victim }: Row) =>
  `${type === "exercise" ? `exercise ${scenario}` : type}: ${step}, ${moment}, ${victim}`;
