import { fail } from "../../failures.ts";
import type { Names } from "../../guard/facts.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { SavedPlan } from "./schema.ts";
import { json } from "./state.ts";

/** Which resources a saved plan destroys, and whether the layer's `destroys:` lets it. */

/** @throws PROGRAM_FAILED when the text is no plan, or does anything but destroy */
export function readDestruction(text: string): string[] {
  const changes = changesIn(text);
  const other = changes.find(({ change }) => change.actions.some((action) => !harmless.has(action)));
  if (other !== undefined)
    throw fail(
      "PROGRAM_FAILED",
      `the plan of destruction would ${other.change.actions.join(" and ")} ${other.address}`,
    );
  return changes.filter(({ change }) => change.actions.includes("delete")).map(({ address }) => address);
}

/** What a plan to make a layer would take away on the way, a replacement included. @throws PROGRAM_FAILED when the text is no plan */
export function readLosses(text: string): string[] {
  return changesIn(text)
    .filter(({ change }) => change.actions.includes("delete"))
    .map(({ address }) => address);
}

function changesIn(text: string) {
  const parsed = SavedPlan.safeParse(json(text));
  if (!parsed.success) throw fail("PROGRAM_FAILED", "`show -json` printed something that is no saved plan");
  return (parsed.data.resource_changes ?? []).filter(({ mode }) => mode === "managed");
}

/** Of a plan of destruction. `forget` takes a resource out of the state and leaves it alone. */
const harmless = new Set(["delete", "no-op", "read", "forget"]);

/** Addresses that no pattern allows, and those beyond the number that one allows; each with the reason. */
export function unexpected(addresses: string[], destroys: StateLayer["destroys"]): string[] {
  const rules = destroys.map((rule) => {
    const { addresses: pattern, atMost } = typeof rule === "string" ? { addresses: rule, atMost: Infinity } : rule;
    return { pattern, matches: matcher(pattern), atMost, found: 0 };
  });
  return addresses.flatMap((address) => {
    const fitting = rules.filter(({ matches }) => matches.test(address));
    if (fitting.length === 0) return [address];
    const free = fitting.find(({ found, atMost }) => found < atMost);
    if (free !== undefined) {
      free.found += 1;
      return [];
    }
    return [`${address} (more than ${fitting.map(({ pattern, atMost }) => `${atMost} of ${pattern}`).join(", ")})`];
  });
}

/** In an address brackets and dots mean themselves; only * stands for other text. */
function matcher(pattern: string): RegExp {
  const literal = pattern.replace(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`).replace(/\*+/g, "[^]*");
  return new RegExp(`^${literal}$`, "u");
}

/** The address of a resource in a layer of several units. */
export function addressIn(unit: string, address: string): string {
  return unit === "" ? address : `${unit}:${address}`;
}

/** @param most how many names a person would read */
export function cut(names: string[], most = 20): Names {
  return { names: names.slice(0, most), more: Math.max(0, names.length - most) };
}
