import * as z from "zod";
import { fail } from "../failures.ts";
import { ClusterAccess } from "../plan/access-schema.ts";
import { BackupName, volumeName } from "../plan/longhorn-schema.ts";
import { checkText, formatProblems } from "../plan/problems.ts";
import { readText } from "../plan/read-text.ts";
import { Duration } from "../plan/scalars.ts";

/** What `firedrill restore-volumes` restores before the workloads of a new cluster start. */

const kubernetesName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
    "must be a name of Kubernetes: lower-case letters, digits and dashes",
  );

const Wanted = z.strictObject({
  claim: z
    .string()
    .regex(/^[a-z0-9-]+\/[a-z0-9.-]+$/, "must be namespace and claim, such as shop/data")
    .describe("namespace and name of the claim that gets the volume")
    .meta({ examples: ["shop/data"] }),
  volume: volumeName.describe("name under which the volume is restored, the same in every cluster"),
  backup: BackupName.optional()
    .describe("exactly this backup; without it the newest of that claim or volume")
    .meta({ examples: ["firedrill-1a2b3c4d-data"] }),
});
export type Wanted = z.infer<typeof Wanted>;

const Skip = z.strictObject({
  namespace: kubernetesName.default("flux-system").describe("namespace of the ConfigMap"),
  name: kubernetesName
    .default("cluster-config")
    .describe("name of the ConfigMap; nothing is skipped where there is none"),
  key: z.string().min(1).default("skip_backup_restore").describe('its key; "true" skips all'),
});

export const RestoreVolumesConfig = z
  .strictObject({
    access: ClusterAccess.prefault({ kubeconfig: "in-cluster" }).describe("how to reach the cluster"),
    skip: Skip.prefault({}).describe("where it is said that nothing shall be restored"),
    target: kubernetesName.default("default").describe("Longhorn's BackupTarget"),
    within: Duration.prefault("30m").describe("how long one volume may take"),
    standstill: Duration.prefault("5m").describe("how long nothing may move before it counts as stuck"),
    volumes: z.array(Wanted).min(1, "must list at least one volume").describe("what is restored"),
  })
  .describe("What `firedrill restore-volumes` restores");
export type RestoreVolumesConfig = z.infer<typeof RestoreVolumesConfig>;

/** @throws CONFIG_INVALID with all problems of the file */
export function loadRestoreVolumes(file: string): RestoreVolumesConfig {
  const read = readText(file);
  if (read.text === null) throw fail("CONFIG_INVALID", formatProblems([read.problem]), read.problem.hint);
  const { value, problems } = checkText(read.text, file, RestoreVolumesConfig, twice);
  if (value === null) throw fail("CONFIG_INVALID", formatProblems(problems));
  return value;
}

/** Two volumes for one claim, or two claims for one volume. */
function twice({ volumes }: RestoreVolumesConfig) {
  return volumes.flatMap((one, n) =>
    (["claim", "volume"] as const).flatMap((key) =>
      volumes.findIndex((other) => other[key] === one[key]) === n
        ? []
        : [
            {
              path: ["volumes", n, key],
              message: `${one[key]} stands here twice`,
              hint: "Give each claim a volume of its own.",
            },
          ],
    ),
  );
}
