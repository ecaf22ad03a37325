import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { killHeirs } from "../../lab/processes.ts";

async function sleeper(env: Record<string, string>, ...before: string[]) {
  const [file, ...args] = [...before, "sleep", "60"];
  const child = spawn(file, args, { env: { PATH: process.env["PATH"], ...env }, detached: true, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  await once(child, "spawn");
  return { child, exited };
}

test.runIf(process.platform === "linux")(
  "those who inherited a setting are killed, also what they have started, and nobody else",
  async () => {
    const name = `FIREDRILL_HEIR_${process.pid}`;
    const [own, below, other] = await Promise.all([
      sleeper({ [name]: "/tmp/a" }),
      sleeper({ [name]: "/tmp/a" }, "setsid", "--fork", "--wait"),
      sleeper({ [name]: "/tmp/ab" }),
    ]);
    await killHeirs(`${name}=/tmp/a`);
    expect((await own.exited)[1]).toBe("SIGKILL");
    await below.exited;
    expect(other.child.exitCode).toBeNull();
    expect(other.child.signalCode).toBeNull();
  },
);
