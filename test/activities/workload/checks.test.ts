import { describe, expect, test } from "vitest";
import {
  checkNames,
  claimsCheck,
  dataChecks,
  podsCheck,
  wantedTrees,
} from "../../../src/activities/workload/checks.ts";
import type { Known, Lost } from "../../../src/activities/workload/memory.ts";
import { isListed, listLine } from "../../../src/activities/workload/listed.ts";
import { observePods } from "../../../src/activities/workload/rebuild.ts";
import { workload } from "../../support/namespace.ts";

const page = { name: "page", uid: "c1", volume: "pvc-1" };
const known: Known = {
  cluster: "k",
  uid: "Deployment-shop",
  ready: 2,
  replicas: 2,
  scaled: false,
  pods: [{ namespace: "shop", name: "old", uid: "old" }],
  node: null,
  others: [],
  claims: [page],
};
const loss = (): Lost => ({
  lostAt: "2026-11-27T11:59:00.000Z",
  goneAt: null,
  pods: known.pods,
  others: [],
  trees: { page: { a: "1" } },
  outside: null,
  existsAt: null,
  readyAt: null,
});

describe("pods", () => {
  const now = { ready: 2, replicas: 2, trouble: null };
  test.each([
    ["as many as before", known, now, true],
    ["one is missing", known, { ...now, ready: 1 }, false],
    ["the workload is not whole", known, { ...now, trouble: "1 of 2 pods available" }, false],
    ["somebody has scaled it", known, { ...now, ready: 3, replicas: 3 }, false],
    ["an autoscaler has", { ...known, scaled: true }, { ...now, ready: 1, replicas: 1 }, true],
    ["an autoscaler has none", { ...known, scaled: true }, { ...now, ready: 0, replicas: 0 }, false],
  ])("%s", (_, before, found, passed) => {
    expect(podsCheck(before, loss(), found).passed).toBe(passed);
  });
});

test("a claim must be the very one, on the volume that it had", () => {
  expect(claimsCheck(known, [page])).toMatchObject({ passed: true, expected: "page on pvc-1", found: "page on pvc-1" });
  expect(claimsCheck(known, [{ ...page, volume: "pvc-2" }]).passed).toBe(false);
  expect(claimsCheck(known, [{ ...page, uid: "c2" }])).toMatchObject({
    passed: false,
    found: "page on pvc-1 (claims that were made anew)",
  });
  expect(claimsCheck(known, [])).toMatchObject({ passed: false, found: "none" });
});

describe("data", () => {
  const wanted = wantedTrees({ sha256: "s", trees: { page: { a: "1" } } }, loss(), []).page!;
  const found = { sentinel: { sha256: "s" }, tree: { a: "1" }, resumes: false };
  const verdicts = (now: Parameters<typeof dataChecks>[3]) =>
    dataChecks("page", "s", wanted, now).map(({ passed, proven }) => [passed, proven]);

  test("all there", () => expect(verdicts(found)).toEqual([[true, true], [true, true]])); // prettier-ignore
  test("another sentinel, or none", () => {
    expect(verdicts({ ...found, sentinel: { sha256: "other" } })[0]).toEqual([false, true]);
    expect(verdicts({ ...found, sentinel: { trouble: "No such file" } })[0]).toEqual([false, true]);
  });
  test("a sentinel that the run before has removed proves nothing", () => {
    expect(verdicts({ ...found, sentinel: { trouble: "No such file" }, resumes: true })[0]).toEqual([false, false]);
  });
  test("no pod has it", () => {
    expect(verdicts({ sentinel: { trouble: "no pod has it" }, tree: null, resumes: false })).toEqual([
      [false, true],
      [false, true],
    ]);
  });
  test("the negative control asks for the same checks, in the same order", () => {
    const names = dataChecks("page", "s", wanted, found).map(({ name }) => name);
    expect(checkNames(known, { page: wanted })).toEqual(["pods", "claims", ...names]);
    const empty = { files: {}, moving: 0 };
    expect(checkNames({ claims: [] }, { page: empty })).toEqual([
      "pods",
      ...dataChecks("page", "s", empty, found).map(({ name }) => name),
    ]);
  });
});

describe("watching", () => {
  const at = new Date("2026-11-27T12:00:00.000Z");
  const look = (lost: Lost, ...pods: object[]) => {
    const objects = workload("shop", ...pods);
    return observePods(objects[0], objects, known, lost, at);
  };

  test("back when as many are ready as before, with the times of the last one", () => {
    const lost = loss();
    expect(look(lost, { ready: true }, { ready: false })).toMatchObject({ back: false });
    expect(lost.existsAt).not.toBeNull();
    expect(lost.readyAt).toBeNull();
    const whole = workload("shop", { ready: true }, { ready: true });
    Object.assign(whole[0]!.status!, { replicas: 2 });
    expect(observePods(whole[0], whole, { ...known, ready: 2 }, lost, at)).toEqual({
      back: true,
      progress: "2 of 2 pods are ready",
    });
    expect(lost.readyAt).not.toBeNull();
  });

  test("an old pod that is still ready does not count, nor one that is going", () => {
    const lost = { ...loss(), pods: [{ namespace: "shop", name: "shop-5d8-0", uid: "Pod-shop-5d8-0" }] };
    expect(look(lost, { ready: true }, { ready: true })).toMatchObject({ back: false });
    const going = { ready: true, metadata: { deletionTimestamp: "2026-11-27T12:00:00Z" } };
    expect(look(loss(), { ready: true }, going)).toMatchObject({ back: false });
  });

  test("a time is taken back when it is not so any more; a workload that is missing is named", () => {
    const lost = { ...loss(), existsAt: "2026-11-27T11:59:30.000Z", readyAt: "2026-11-27T11:59:40.000Z" };
    expect(observePods(undefined, [], known, lost, at).progress).toBe("0 of 2 pods are ready; the workload is missing");
    expect([lost.existsAt, lost.readyAt]).toEqual([null, null]);
  });
});

describe("the worker's list", () => {
  const web = { namespace: "shop", workload: "deployment/web" };
  const own = (...mayDestroy: object[]) => ({ mayDestroy: mayDestroy as never });
  test.each([
    [true, own({ cluster: "k", namespace: "shop" }), null],
    [true, own({ cluster: "k", ...web }), null],
    [false, own({ cluster: "k", ...web, workload: "deployment/other" }), null],
    [false, own({ cluster: "other", ...web }), null],
    [false, own({ cluster: "k", ...web }), "n1"],
    [false, own({ cluster: "k", ...web }, { cluster: "k", node: "n2" }), "n1"],
    [true, own({ cluster: "k", ...web }, { cluster: "k", node: "n1" }), "n1"],
    [false, own({ systemIdentifier: "k", data: "/x" }), null],
  ])("%s", (listed, config, node) => {
    expect(isListed(config, "k", web, node)).toBe(listed);
  });
  test("its lines name the workload, and the node that is drained", () => {
    expect(listLine("k", web, null)).toBe('- { cluster: "k", namespace: shop, workload: deployment/web }');
    expect(listLine("k", web, "n1")).toContain('and - { cluster: "k", node: n1 }');
  });
});
