import { execa, ExecaError } from "execa";

/**
 * Builds the program from its Go module. The module proxy is often reachable where downloads are refused.
 * @throws Error with the reason, for a person
 */
export async function buildTemporal(version: string, directory: string, say: (line: string) => void): Promise<void> {
  const started = Date.now();
  const module = `github.com/temporalio/cli/cmd/temporal@v${version}`;
  say(`Building it with \`go install ${module}\`: this takes some minutes, once.`);
  const timer = setInterval(() => say(`Still building after ${Math.round((Date.now() - started) / 1000)} s.`), 15_000);
  try {
    // -s -w leaves out the debugging tables, a quarter of the program.
    await execa("go", ["install", "-ldflags=-s -w", module], {
      cwd: directory,
      env: { GOBIN: directory },
      timeout: 20 * 60_000,
    });
  } catch (error) {
    throw error instanceof ExecaError ? new Error(reasonOf(error), { cause: error }) : error;
  } finally {
    clearInterval(timer);
  }
}

function reasonOf(error: ExecaError): string {
  if (error.code === "ENOENT") return "there is no program go on PATH";
  if (error.timedOut) return "it did not end in 20 minutes";
  const lastLines = String(error.stderr ?? "")
    .trim()
    .split("\n")
    .slice(-2)
    .join(" | ");
  return lastLines || error.shortMessage;
}
