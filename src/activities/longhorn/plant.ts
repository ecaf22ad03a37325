import prettyBytes from "pretty-bytes";
import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { noteLeftover } from "../leftovers.ts";
import { requireCluster, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Planted, RunRef } from "../verbs.ts";
import { plantArguments, plantScript, sentinelSha256 } from "./content.ts";
import { type KnownVolume, knownVolume } from "./known.ts";
import { withReach, type Where } from "./reach.ts";
import { runThere } from "./reader.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
}

export const sentinelName = ({ short }: Pick<RunRef, "short">) => `.firedrill-${short}`;

/** What decides the sentinel's content: another one in each volume, so that volumes that changed places are told apart. */
export function sentinelSeed({ nonce }: Pick<RunRef, "nonce">, { name }: Pick<LonghornComponent, "name">): string {
  return `${nonce} ${name}`;
}

/** The claim through which the live volume's files are reached. @throws PLAN_INVALID where it has none */
export function whereOf({ component, access }: Input, { claim, volume }: KnownVolume): Where {
  if (claim === null) {
    const hint = "Make a PersistentVolume and a claim for it (Longhorn's UI does), or back it up without a drill.";
    throw fail("PLAN_INVALID", `volume ${volume.metadata.name} has no claim, so that nobody can read it`, hint);
  }
  return { component, access, namespace: claim.metadata.namespace!, claim: claim.metadata.name };
}

/** @param cluster uid of the one that it is in: a restored volume brings it into another one */
export async function noteSentinel(
  { component, access, namespace, claim }: Where,
  { volume }: KnownVolume,
  cluster: string,
  context: Pick<StepContext, "directory" | "run">,
): Promise<void> {
  await noteLeftover(context.directory, `sentinel.${component.name}`, {
    kind: "file-in-volume",
    access,
    cluster,
    namespace,
    claim,
    volume: volume.metadata.uid ?? "",
    directory: component.directory,
    file: sentinelName(context.run),
  });
}

/** Lets the pod itself make the sentinel, of which this side knows the checksum beforehand. Planting twice changes nothing. */
export async function plantLonghorn(input: Input, context: StepContext): Promise<Planted> {
  const { component, access } = input;
  const { run } = context;
  const known = await knownVolume(context, component.name).recall();
  const where = whereOf(input, known);
  const size = component.sentinel;
  const seed = sentinelSeed(run, component);
  const wanted = sentinelSha256(seed, size);
  return await withCluster(access, context, async (session) => {
    requireCluster(session, known.cluster);
    await noteSentinel(where, known, known.cluster, context);
    const found = await withReach(session, where, known.reader, { write: true }, context, async (reach) => {
      context.progress(`planting ${prettyBytes(size, { binary: true })}`);
      const args = [reach.path, sentinelName(run), ...plantArguments(seed, size)];
      return (await runThere(session.cluster, reach, plantScript, args, context.signal)).split(" ")[0];
    });
    if (found !== wanted)
      throw fail("UNEXPECTED", `the sentinel that was planted has sha256 ${found ?? "none"} instead of ${wanted}`);
    const at = new Date().toISOString();
    const place = `${where.namespace}/${where.claim}`;
    return { sha256: wanted, at, note: `planted ${prettyBytes(size, { binary: true })} in ${place}, sha256 ${wanted}` };
  });
}
