import type { CheckRecord } from "../../report/record.ts";
import { seconds } from "../../report/format.ts";
import { secondsBetween } from "../../report/elapsed.ts";
import { treeDifferences, type Tree, treeWords, type Wanted, wantedOf } from "./compare.ts";
import type { Known, Lost, Sown } from "./memory.ts";
import { type Claim, claimWords } from "./volumes.ts";

/** What is checked of a workload that has come back. Pure. */

export type Check = Omit<CheckRecord, "negativeControl">;

/** What was found of the data in one claim. */
export interface FoundData {
  sentinel: { sha256: string } | { trouble: string };
  tree: Tree | null;
  /** The run before was closed, and has removed its sentinel. */
  resumes: boolean;
}

/** The files of each claim that must be there again. */
export function wantedTrees({ trees }: Sown, { trees: atLoss }: Lost, except: string[]): Record<string, Wanted> {
  return Object.fromEntries(
    Object.entries(trees).map(([claim, tree]) => [claim, wantedOf(tree, atLoss[claim] ?? {}, except)]),
  );
}

/** Names of all checks but those from outside, in their order. */
export function checkNames({ claims }: Pick<Known, "claims">, wanted: Record<string, Wanted>): string[] {
  return [
    "pods",
    ...(claims.length > 0 ? ["claims"] : []),
    ...Object.entries(wanted).flatMap(([claim, { files }]) => [
      `sentinel ${claim}`,
      // Where there are none the sentinel is all that can be compared.
      ...(Object.keys(files).length > 0 ? [`files ${claim}`] : []),
    ]),
  ];
}

/** @param ready pods that are, none of which is one of those that were taken away; `trouble`: of the workload itself */
export function podsCheck(
  { ready, replicas, scaled }: Known,
  { lostAt, existsAt, readyAt }: Lost,
  now: { ready: number; replicas: number; trouble: string | null },
): Check {
  const wanted = scaled ? 1 : ready;
  const sameSize = scaled || now.replicas === replicas;
  const since = (at: string | null) => (at === null ? null : Math.max(0, secondsBetween(lostAt, at)));
  const readySeconds = since(readyAt);
  const after = readySeconds === null ? "" : `, after ${seconds(readySeconds)}`;
  const trouble = now.trouble ?? (sameSize ? null : `${now.replicas} replicas are wanted now, and were ${replicas}`);
  return {
    name: "pods",
    title: "Pods",
    proven: true,
    passed: now.ready >= wanted && trouble === null,
    exact: !scaled,
    expected: scaled ? "at least 1 ready, as an autoscaler decides" : `${wanted} ready`,
    found: `${now.ready} ready${after}${trouble === null ? "" : `; ${trouble}`}`,
    recovery: { existsSeconds: since(existsAt), readySeconds },
  };
}

export function claimsCheck({ claims }: Pick<Known, "claims">, now: Claim[]): Check {
  const uids = (all: Claim[]) => all.map(({ uid }) => uid).join(" ");
  const same = claimWords(claims) === claimWords(now);
  const renewed = same && uids(claims) !== uids(now) ? " (claims that were made anew)" : "";
  return {
    name: "claims",
    title: "Volumes",
    proven: true,
    passed: same && renewed === "",
    exact: true,
    expected: claimWords(claims),
    found: (claimWords(now) || "none") + renewed,
  };
}

export function dataChecks(claim: string, sha256: string, wanted: Wanted, now: FoundData): Check[] {
  const { sentinel, tree, resumes } = now;
  const gone = "trouble" in sentinel;
  const differences = tree === null ? "no pod has it" : treeDifferences(wanted, tree);
  const files: Check = {
    name: `files ${claim}`,
    title: `Files in ${claim}`,
    proven: true,
    passed: differences === "",
    exact: wanted.moving === 0,
    expected: treeWords(wanted),
    found: differences || treeWords(wanted),
  };
  return [
    {
      name: `sentinel ${claim}`,
      title: `Sentinel in ${claim}`,
      proven: !(gone && resumes),
      passed: !gone && sentinel.sha256 === sha256,
      exact: true,
      expected: `sha256 ${sha256}`,
      found: gone
        ? `${sentinel.trouble}${resumes ? "; removed when the run before was closed" : ""}`
        : `sha256 ${sentinel.sha256}`,
    },
    ...(Object.keys(wanted.files).length > 0 ? [files] : []),
  ];
}
