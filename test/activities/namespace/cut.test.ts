import { expect, test } from "vitest";
import { cut, mostNames } from "../../../src/activities/namespace/cut.ts";

/** What is left out of a list is counted. */

const many = <T>(one: T, count: number) => Array.from({ length: count }, () => one);
const problem = { problem: "p", hint: "h" };
const image = { image: "i", usedBy: "u", why: "w", hint: "h" };
const volume = { claim: "c", why: "w" };

test("each list has what a person would read, and how many more there are", () => {
  const lists = {
    gitops: many(problem, mostNames + 1),
    images: many(image, mostNames + 2),
    admission: many(problem, mostNames + 3),
    volumes: many(volume, mostNames + 4),
  };
  const { more, ...rest } = cut(lists);
  expect(more).toEqual({ gitops: 1, images: 2, admission: 3, volumes: 4 });
  expect(Object.values(rest).map((list) => list.length)).toEqual(many(mostNames, 4));
});

test("nothing is said where nothing was left out", () => {
  const lists = { gitops: many(problem, mostNames), images: [image], admission: [], volumes: [] };
  expect(cut(lists)).toEqual(lists);
});
