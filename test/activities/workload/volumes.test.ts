import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { claimsUsedBy, claimWords, placesOf } from "../../../src/activities/workload/volumes.ts";
import { object } from "../../support/namespace.ts";

const claim = (name: string) => ({ persistentVolumeClaim: { claimName: name } });

function pod(name: string, volume: object, mounts: Record<string, string> = { data: "/data" }): KubernetesObject {
  const volumeMounts = Object.entries(mounts).map(([of, mountPath]) => ({ name: of, mountPath }));
  return object("v1", "Pod", name, {
    spec: {
      containers: [
        { name: "proxy", volumeMounts: [{ name: "tmp", mountPath: "/tmp" }] },
        { name: "main", volumeMounts },
      ],
      volumes: [
        { name: "data", ...volume },
        { name: "tmp", emptyDir: {} },
        { name: "inner", emptyDir: {} },
      ],
    },
  });
}

const data = (directory: string, container?: string) => ({ directory, container, except: [] });

test("each claim has one place, in the container that mounts it, however many pods share it", () => {
  const pods = [pod("web-1", claim("page")), pod("web-2", claim("page")), pod("web-3", claim("other"))];
  const { places, volatile } = placesOf(pods, data("/data/uploads"));
  expect(places.map((one) => [one.claim, one.container])).toEqual([
    ["other", "main"],
    ["page", "main"],
  ]);
  expect(volatile).toEqual([]);
});

describe("what would be gone with its pod is told", () => {
  test.each([
    ["emptyDir", pod("a", { emptyDir: {} }), "/data", /volume data of sort emptyDir, which is no PersistentVolume/],
    ["hostPath", pod("a", { hostPath: { path: "/x" } }), "/data", /of sort hostPath/],
    ["a volume of the pod's own", pod("a", { ephemeral: {} }), "/data", /of sort ephemeral/],
    ["no volume at all", pod("a", claim("c")), "/var/lib/x", /is no volume: it lies in the container itself/],
    ["a directory that only begins alike", pod("a", claim("c")), "/database", /lies in the container itself/],
    ["a directory above the volume", pod("a", claim("c"), { data: "/srv/data" }), "/srv", /in the container itself/],
    [
      "an emptyDir inside the volume",
      pod("a", claim("c"), { data: "/data", inner: "/data/cache" }),
      "/data/cache/x",
      /volume inner of sort emptyDir/,
    ],
  ])("%s", (_, one, directory, why) => {
    const { places, volatile } = placesOf([one], data(directory));
    expect(places).toEqual([]);
    expect(volatile).toEqual([expect.stringMatching(why)]);
  });

  test("a container that is not there, and one that does not mount it", () => {
    const pods = [pod("a", claim("c"))];
    expect(placesOf(pods, data("/data", "nope")).volatile).toEqual(["its pods have no container nope"]);
    expect(placesOf(pods, data("/data", "proxy")).volatile).toHaveLength(1);
  });
});

test("a claim is told with its volume", () => {
  const live = [
    object("v1", "PersistentVolumeClaim", "page", { spec: { volumeName: "pvc-1" } }),
    object("v1", "PersistentVolumeClaim", "unused", { spec: { volumeName: "pvc-2" } }),
  ];
  const used = claimsUsedBy([pod("a", claim("page"))], live);
  expect(claimWords(used)).toBe("page on pvc-1");
  expect(used[0]!.uid).toBe("PersistentVolumeClaim-page");
});
