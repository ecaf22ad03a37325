import {
  compareLargeObjects,
  compareLists,
  compareObjects,
  compareSequences,
  compareTables,
} from "../../src/activities/postgres/compare.ts";
import type { Client } from "../../src/activities/postgres/client.ts";
import { type Fingerprint, readSequences, takeFingerprint } from "../../src/activities/postgres/fingerprint.ts";

/** The fingerprint of a database that nobody writes to. */
export async function fingerprintOf(client: Client): Promise<Fingerprint> {
  const sequences = await readSequences(client);
  return { ...(await takeFingerprint([client])), sequences: { before: sequences, after: sequences } };
}

/** What the comparisons of a drill's checks find, one string a failed comparison. */
export function differences(expected: Fingerprint, found: Fingerprint): string[] {
  return [
    compareTables(expected.tables, found.tables),
    compareObjects(expected, found),
    compareSequences(expected.sequences, found.sequences.after, 0),
    compareLists("role", expected.roles, found.roles, ({ name }) => name),
    compareLists("setting", expected.settings, found.settings, ({ role, setting }) => `${role}: ${setting}`),
    compareLargeObjects(expected.largeObjects, found.largeObjects),
  ].flatMap(({ result, found: words }) => (result === "passed" ? [] : [words]));
}
