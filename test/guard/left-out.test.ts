import { expect, test } from "vitest";
import { guards } from "../../src/guard/index.ts";
import { facts } from "./facts.ts";

/** A guard that names a part of what it found says so. */

const problem = { problem: "p", hint: "h" };
const recovery = {
  orphans: { names: [], more: 0 },
  gitops: [problem],
  images: [{ image: "i", usedBy: "u", why: "w", hint: "h" }],
  admission: [problem],
  volumes: [{ claim: "c", why: "w" }],
};

test.each(["gitops", "images", "admission", "volumes"])("%s says how many more there are than it names", (name) => {
  const told = (more: number) => guards[name]!(facts({}, { recovery: { ...recovery, more: { [name]: more } } }));
  expect(told(7)).toMatchObject([
    { guard: name },
    {
      guard: name,
      component: "shop",
      message: "database shop on 127.0.0.1:5432 has 7 more problems of this sort, which are not named here",
    },
  ]);
  expect(told(1)[1]!.message).toContain("has 1 more problem of this sort, which is not named here");
  expect(guards[name]!(facts({}, { recovery }))).toHaveLength(1);
});
