import { expect, test } from "vitest";
import { turnProblems } from "../../../src/activities/flux/turns.ts";
import { NamespaceComponent } from "../../../src/plan/namespace-schema.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** A run that leaves Flux alone must last until Flux's own turn. */

const holder = (interval: string, { kind = "Kustomization", namespace = "flux-system" } = {}) => ({
  object: { apiVersion: "any/v1", kind, metadata: { name: "apps", namespace }, spec: { interval } } as KubernetesObject,
  name: `${kind} ${namespace}/apps`,
  holds: ["ConfigMap/settings"],
});
const component = (more: object = {}) =>
  NamespaceComponent.parse({ name: "shop", kind: "namespace", namespace: "shop", rebuild: "wait", ...more });
const keys = (interval: string, more: object = {}) =>
  turnProblems(component(more), [holder(interval)]).map(({ problem }) =>
    [...problem.matchAll(/`(standstill|within)` of/g)].map(([, key]) => key),
  );

test("interval, jitter and key are named, with what to do", () => {
  expect(turnProblems(component(), [holder("10m")])).toEqual([
    {
      problem:
        "`rebuild: wait` leaves it to Flux, and Kustomization flux-system/apps has its own turn only every 10m (spec.interval; up to 10m 30s with Flux's jitter), no sooner than the component's `standstill` of 5m is over",
      hint: "Lengthen `standstill` to more than 10m 30s, shorten spec.interval, or let the run ask Flux (`rebuild: request`).",
    },
  ]);
});

test.each([
  ["1h", {}, [["standstill", "within"]]],
  ["10m0s", {}, [["standstill"]]],
  ["10m", { standstill: "10m" }, [["standstill"]]],
  ["10m", { standstill: "10m 30s" }, [["standstill"]]],
  ["10m", { standstill: "11m" }, []],
  ["10m", { standstill: "1h", within: "10m" }, [["within"]]],
  ["1m", {}, []],
  ["4m30s", {}, []],
  ["4m50s", {}, [["standstill"]]],
  ["1h", { rebuild: "request" }, []],
  ["whenever", {}, []],
])("an interval of %s with %o: %o", (interval, more, expected) => {
  expect(keys(interval, more)).toEqual(expected);
});

test("a HelmRelease counts as well, and what lies in the namespace does not", () => {
  const problems = turnProblems(component(), [
    holder("1h", { kind: "HelmRelease" }),
    holder("1h", { namespace: "shop" }),
  ]);
  expect(problems).toHaveLength(1);
  expect(problems[0]!.problem).toContain("HelmRelease flux-system/apps has its own turn");
});
