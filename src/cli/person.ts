import { userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import { fail } from "../failures.ts";

/** Name of the person at the keyboard. Throws REQUEST_INVALID where the system has none. */
export function personName(given: string | undefined): string {
  if (given !== undefined) return given;
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user ID without a name.
    throw fail("REQUEST_INVALID", "the system has no name for you", "Say who you are with --by NAME.");
  }
}

/**
 * Asks to type the plan's name before something is destroyed.
 * Throws REQUEST_INVALID where nobody can be asked, and when something else was typed.
 */
export async function confirmDestruction(plan: string, components: string[] = []): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    const hint = "Add --yes if that is what you want, or --scenario none to restore beside the live data.";
    throw fail(
      "REQUEST_INVALID",
      `this exercise destroys what plan ${plan} lists, and there is no terminal to ask`,
      hint,
    );
  }
  const what = components.length === 0 ? "every component" : components.join(", ");
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt
    .question(`This exercise destroys ${what} of plan ${plan}, and restores it.\nType the plan's name to go on: `)
    .catch((error: Error) => {
      if (error.name !== "AbortError") throw error;
      throw fail("REQUEST_INVALID", "nothing was started", "Add --yes to be asked nothing.");
    })
    .finally(() => prompt.close());
  if (answer.trim() === plan) return;
  throw fail("REQUEST_INVALID", "that is not the plan's name, nothing was started", "Add --yes to be asked nothing.");
}
