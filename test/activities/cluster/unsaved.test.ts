import { expect, test } from "vitest";
import { unsavedAmong } from "../../../src/activities/cluster/unsaved.ts";

/** Which volumes of a cluster would be lost with it, because no component of the run restores them. */

const pv = (name: string, spec: object, phase = "Bound") => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name },
  spec: { ...spec } as Record<string, unknown>,
  status: { phase } as Record<string, unknown>,
});
const ofClaim = (name: string, claim: string) => {
  const [namespace, claimName] = claim.split("/");
  return pv(name, {
    claimRef: { namespace, name: claimName },
    csi: { driver: "driver.longhorn.io", volumeHandle: name },
  });
};
/** Kept when its claim was deleted, while another one bears the name of the claim. */
const released = { ...ofClaim("pvc-0", "shop/data"), status: { phase: "Released" } };
const volume = (name: string) => ({ apiVersion: "longhorn.io/v1beta2", kind: "Volume", metadata: { name } });

const data = ofClaim("pvc-1", "shop/data");
const metrics = pv("nfs", { claimRef: { namespace: "monitoring", name: "prometheus-0" }, nfs: { path: "/" } });

const names = (...args: Parameters<typeof unsavedAmong>) => unsavedAmong(...args).map(({ claim }) => claim);

test.each<[string, Parameters<typeof unsavedAmong>, string[]]>([
  ["by its claim", [[data], [volume("pvc-1")], [{ namespace: "shop", claim: "data" }]], []],
  [
    "by its claim, whatever name it gets when it is restored",
    [[data], [volume("pvc-1")], [{ namespace: "shop", claim: "data", volume: "shop-data" }]],
    [],
  ],
  ["a released one by its own name", [[released], [volume("pvc-0")], [{ volume: "pvc-0" }]], []],
  ["by its own name", [[data], [volume("pvc-1")], [{ volume: "pvc-1" }]], []],
  ["a volume of Longhorn alone, by its name", [[], [volume("old")], [{ volume: "old" }]], []],
  ["nothing but a place that nobody has claimed", [[pv("free", {})], [], []], []],
  [
    "a component that means all claims of a namespace, before they were found",
    [[data], [], [{ namespace: "shop" }]],
    [],
  ],
])("saved: %s", (_, given, lost) => expect(names(...given)).toEqual(lost));

test.each<[string, Parameters<typeof unsavedAmong>, string[]]>([
  ["no component at all", [[data, metrics], [volume("pvc-1")], []], ["monitoring/prometheus-0", "shop/data"]],
  ["a claim of the same name elsewhere", [[data], [], [{ namespace: "other", claim: "data" }]], ["shop/data"]],
  ["all claims of a namespace whose name begins like it", [[data], [], [{ namespace: "sho" }]], ["shop/data"]],
  [
    "one that was released, although the claim of its name is saved",
    [[released, data], [volume("pvc-0"), volume("pvc-1")], [{ namespace: "shop", claim: "data" }]],
    ["shop/pvc-0"],
  ],
  ["another volume by its name", [[data], [], [{ volume: "pvc-2" }]], ["shop/data"]],
  [
    "a volume of another StorageClass",
    [[data, metrics], [], [{ namespace: "shop", claim: "data" }]],
    ["monitoring/prometheus-0"],
  ],
  [
    "a volume of Longhorn without a claim",
    [[data], [volume("pvc-1"), volume("old")], [{ namespace: "shop", claim: "data" }]],
    ["longhorn-system/old"],
  ],
])("lost: %s", (_, given, lost) => expect(names(...given)).toEqual(lost));

test("each is told with what to do", () => {
  expect(unsavedAmong([data], [], [])).toEqual([
    {
      claim: "shop/data",
      why: "no component of this run restores its PersistentVolume pvc-1",
      hint: expect.stringContaining("`loses` of the cluster's component"),
    },
  ]);
});
