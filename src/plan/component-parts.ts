import * as z from "zod";
import { Duration, name } from "./scalars.ts";

/** What components of every kind have in common. */

export const Objectives = z.strictObject({
  rto: Duration.optional().describe("recovery time objective: how long it may take until the data is back"),
  rpo: Duration.optional().describe("recovery point objective: how much time's data may be lost"),
});

export const common = {
  name: name.describe("name of the component, unique in the plan; the steps of a run carry it"),
  objectives: Objectives.optional().describe("objectives of this component; those of the plan otherwise"),
};

/** Names of steps that every run has; no component can bear them. */
export const reserved = ["guards", "cleanup", "files"];
