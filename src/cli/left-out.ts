import { describeFailure } from "../failures.ts";
import { note } from "./console.ts";

/** Names the records that could not be read, a line each, with the first thing that is wrong. */
export function tellLeftOut(broken: unknown[]): void {
  for (const error of broken) {
    const [first] = describeFailure(error)
      .message.replace(/:\n\s*/, ": ")
      .split("\n");
    note(`left out: ${first}`);
  }
}
