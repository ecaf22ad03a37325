import { createInterface } from "node:readline/promises";

/** How set-up talks to a person. `ask` is undefined where nobody can answer. */
export interface Talk {
  say: (line: string) => void;
  ask: ((question: string) => Promise<boolean>) | undefined;
}

/** Speaks on standard output; asks only where standard input and output are a terminal and this is not CI. */
export function terminalTalk(): Talk {
  const canAnswer = process.stdin.isTTY && process.stdout.isTTY && process.env["CI"] === undefined;
  return { say: (line) => console.log(line), ask: canAnswer ? askYesNo : undefined };
}

/** An empty answer is yes. */
async function askYesNo(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await reader.question(`${question} [Y/n] `);
    return /^(y|yes)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}
