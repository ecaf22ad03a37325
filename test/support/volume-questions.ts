import { waitUntil } from "../../lab/cluster/kubectl.ts";
import type { RunRecord, RunType } from "../../src/report/record.ts";
import type { VolumePlace } from "./volume-app.ts";

/** A failed step is given up at once. */
export const givenUp = { decisions: { within: "1s", otherwise: "abort" } };

export const component = (record: RunRecord) => record.components[0]!;
export const check = (record: RunRecord, name: string) => component(record).checks.find((one) => one.name === name);

/** What tests ask of volumes and of what uses them. @param place once it is there */
export function questions(place: () => VolumePlace) {
  /** kubectl, with words that hold no spaces. */
  const k = async (line: string) => await place().kubectl(...line.split(" "));
  const inPod = async (namespace: string, command: string, pod = "deployment/shop") =>
    await place().kubectl("-n", namespace, "exec", pod, "--", "sh", "-c", command);
  return {
    k,
    inPod,
    /** Checksums of the application's files. */
    sums: async (namespace: string, pod?: string) =>
      await inPod(namespace, "cd /data && find . -type f ! -path './.firedrill*' -exec sha256sum {} + | sort", pod),
    volumeOf: async (namespace: string) => await k(`-n ${namespace} get pvc data -o jsonpath={.spec.volumeName}`),
    backupsOf: async (volume: string) =>
      (await k(`-n longhorn-system get backups.longhorn.io -l backup-volume=${volume} -o name`))
        .split("\n")
        .filter((line) => line.startsWith("backup.longhorn.io/")),
    /** What was made beside the live volume goes when its finalizers let it. */
    nothingBeside: async (namespace: string, name: string) => {
      const scratch = new RegExp(`/fd-[^/\\s]+-${name}$`, "m");
      await waitUntil("all that was made beside it is gone", 120_000, async () => {
        const volumes = await k("-n longhorn-system get volumes.longhorn.io,pv -o name");
        const others = await k(`-n ${namespace} get pvc,pods -o name`);
        return !scratch.test(volumes) && !/\/(fd|firedrill)-/.test(others);
      });
    },
    /** A run to its end, however it ends. */
    ended: async (type: RunType, more: object = {}): Promise<RunRecord> => {
      const run = await place().start(type, more);
      await run.handle.result().catch(() => undefined);
      return await run.record();
    },
    /** Takes all of an application away, with its volume. */
    lose: async (namespace: string) => {
      const volume = await k(`-n ${namespace} get pvc data -o jsonpath={.spec.volumeName}`);
      await k(`delete namespace ${namespace} --wait=true`);
      await k(`delete pv ${volume}`);
      await k(`-n longhorn-system delete volumes.longhorn.io ${volume} --wait=true`);
    },
  };
}
