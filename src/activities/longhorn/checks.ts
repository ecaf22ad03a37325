import type { KubernetesObject } from "../kubernetes/object.ts";
import type { CheckRecord } from "../../report/record.ts";
import type { Tree } from "./content.ts";
import { specOf } from "./kinds.ts";

/** Compares what came back with what was there. Pure. */

/** What a volume restored from a backup must hold. */
export interface Expected {
  /** Null where the backup is older than the run: then it holds none. */
  sentinel: { path: string; sha256: string; bytes: number } | null;
  /** What was the same before and after the snapshot, and so is in it. */
  stable: Tree;
  /** What else may be there, or not, or be different: it was written meanwhile. Null where nobody knows. */
  moving: string[] | null;
}

type Found = Omit<CheckRecord, "negativeControl">;

/** What was the same in both lists. */
export function expectedOf(before: Tree, after: Tree, sentinel: Expected["sentinel"]): Expected {
  const stable: Tree = {};
  const moving: string[] = [];
  for (const path of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [one, other] = [before[path], after[path]];
    if (one !== undefined && other !== undefined && one.about === other.about && one.content === other.content)
      stable[path] = other;
    else moving.push(path);
  }
  return { sentinel, stable, moving };
}

/** The clocks of a node and of Longhorn are not the same. */
const marginSeconds = 60;

/** Of a list that was made later than the backup: what has not changed since is in it. @param takenAt ISO 8601 */
export function unchangedSince(now: Tree, takenAt: string): Expected {
  const until = Date.parse(takenAt) / 1_000 - marginSeconds;
  const stable = Object.fromEntries(Object.entries(now).filter(([, { changedAt }]) => changedAt < until));
  return { sentinel: null, stable, moving: null };
}

const mostNames = 3;

function some(paths: string[]): string {
  const more = paths.length > mostNames ? ` and ${paths.length - mostNames} more` : "";
  return `${paths.slice(0, mostNames).join(", ")}${more}`;
}

/** @param found null where there is no volume to look into */
export function compareContent(expected: Expected, found: Tree | null, why = "there is no such volume"): Found[] {
  const checks = expected.sentinel === null ? [] : [sentinelCheck(expected.sentinel, found, why)];
  return [...checks, filesCheck(expected, found, why)];
}

function sentinelCheck(
  { path, sha256, bytes }: NonNullable<Expected["sentinel"]>,
  found: Tree | null,
  why: string,
): Found {
  const there = found?.[path];
  const passed = there?.content === sha256;
  return {
    name: "sentinel",
    title: `Sentinel ${path}, ${bytes} bytes`,
    proven: true,
    passed,
    exact: true,
    expected: `sha256 ${sha256}`,
    found:
      found === null
        ? why
        : there === undefined
          ? "no sentinel"
          : there.content === ""
            ? "the sentinel cannot be read"
            : `sha256 ${there.content}`,
  };
}

function filesCheck({ stable, moving }: Expected, found: Tree | null, why: string): Found {
  const paths = Object.keys(stable);
  const unread = paths.filter((path) => stable[path]!.content === "");
  const missing = paths.filter((path) => found?.[path] === undefined);
  const altered = paths.filter((path) => {
    const [was, is] = [stable[path]!, found?.[path]];
    return is !== undefined && (is.about !== was.about || is.content !== was.content);
  });
  const may = new Set([...paths, ...(moving ?? [])]);
  const extra = moving === null ? [] : Object.keys(found ?? {}).filter((path) => !may.has(path));
  const wrong = [
    ...(missing.length > 0 ? [`${missing.length} missing: ${some(missing)}`] : []),
    ...(altered.length > 0 ? [`${altered.length} altered: ${some(altered)}`] : []),
    ...(extra.length > 0 ? [`${extra.length} that were not there: ${some(extra)}`] : []),
  ];
  const written = moving === null ? "" : moving.length > 0 ? `; ${moving.length} were being written at that time` : "";
  const all = `all ${paths.length} as they were${written}`;
  return {
    name: "files",
    title: "Files, with their owners and modes",
    // Nothing to compare proves nothing, and neither does what could not be read.
    proven: paths.length > 0 && unread.length === 0,
    passed: found !== null && wrong.length === 0 && unread.length === 0 && paths.length > 0,
    exact: moving !== null && moving.length === 0,
    expected: `${paths.length} files, directories and links`,
    found:
      found === null
        ? why
        : unread.length > 0
          ? `${unread.length} could not be read: ${some(unread)}`
          : wrong.join("; ") || all,
  };
}

/** What of a volume is kept in a restore. */
export const keptParameters = [
  "numberOfReplicas",
  "accessMode",
  "dataEngine",
  "dataLocality",
  "encrypted",
  "staleReplicaTimeout",
  "nodeSelector",
  "diskSelector",
  "replicaAutoBalance",
  "backupTargetName",
] as const;

/** The Volume itself: its size and how it is kept. @param now undefined where it is gone */
export function compareVolume(before: KubernetesObject, now: KubernetesObject | undefined): Found {
  const [was, is] = [parametersOf(before), now && parametersOf(now)];
  const different = Object.keys(was).filter((key) => is?.[key] !== was[key]);
  return {
    name: "volume",
    title: "Size, replicas, access mode, encryption, locality",
    proven: true,
    passed: is !== undefined && different.length === 0,
    exact: true,
    expected: words(was, Object.keys(was)),
    found:
      is === undefined ? "there is no such volume" : different.length === 0 ? "as they were" : words(is, different),
  };
}

function parametersOf(volume: KubernetesObject): Record<string, string> {
  const spec = specOf(volume);
  const known = ["size", ...keptParameters].filter((key) => spec[key] !== undefined && spec[key] !== null);
  return Object.fromEntries(known.map((key) => [key, plain(spec[key])]));
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function words(parameters: Record<string, string>, keys: string[]): string {
  return keys.map((key) => `${key} ${parameters[key] ?? "is not set"}`).join(", ");
}
