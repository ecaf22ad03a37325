import { type Figure, median } from "../figure.ts";
import type { Lab } from "../lab.ts";
import type { Round } from "../rounds.ts";
import { drill, stepSeconds } from "../run.ts";
import { setArchiving, writePlan } from "../servers.ts";
import { throughput } from "./throughput.ts";

/** The step `restore` of a whole cluster by pgBackRest, its recovery included, against `gunzip | psql` of its one database. */
export async function physical(lab: Lab, rounds: () => Promise<Round[]>): Promise<Figure[]> {
  const plain = median((await rounds()).map(({ plain: one }) => one?.restore ?? NaN));
  const { server, bytes } = await lab.shop("whole");
  await setArchiving(server, true);
  const { port, user, passwordFile, osUser, data, pgbackrest } = server;
  await writePlan(lab.house.root, "cluster", {
    name: "shop",
    kind: "pgbackrest",
    connection: { port, user, password: { file: passwordFile } },
    database: "whole",
    stanza: pgbackrest?.stanza,
    config: pgbackrest?.config,
    data,
    ...(osUser !== undefined && { osUser }),
  });
  const worker = await lab.startWorker();
  const { record, seconds } = await drill(lab, "cluster");
  await worker.stop();
  await setArchiving(server, false);
  const step = stepSeconds(record, "restore/shop");
  lab.say(`pgBackRest: drill ${seconds.toFixed(1)} s, restore ${step.toFixed(1)} s`);
  return [
    {
      id: "physical.ratio",
      what: "A physical restore with its recovery is so many times as fast as `gunzip | psql`",
      value: plain / step,
      unit: "times",
      aim: { least: 5 },
      note: `the step took ${step.toFixed(1)} s of a drill of ${seconds.toFixed(1)} s`,
    },
    throughput("physical", "pgBackRest's restore", bytes, [step]),
  ];
}
