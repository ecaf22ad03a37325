import prettyBytes from "pretty-bytes";
import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/** A run must not fill a disk: the live servers use it too. */
export function space({ components }: Facts): Refusal[] {
  return components.flatMap(({ name, space: needs }) => {
    if (needs === null || needs.freeBytes >= needs.neededBytes) return [];
    const { path, freeBytes, neededBytes } = needs;
    return [
      {
        guard: "space",
        component: name,
        message: `${path} has ${amount(freeBytes)} free, but ${amount(neededBytes)} are needed`,
        hint: "Free space there, or let the plan use another file system.",
      },
    ];
  });
}

/** What could not be measured refuses too, and must not break the message. */
function amount(bytes: number): string {
  return Number.isFinite(bytes) ? prettyBytes(bytes) : "an unknown amount";
}
