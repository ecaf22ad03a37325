import type { Clues, Finding, Snapshot } from "./cause.ts";
import { quote } from "./look.ts";
import { waitsForOther } from "./outside.ts";
import { brokenContainers, type Container } from "./pods.ts";
import { endOf, isCrashing, lastLines, times } from "./stuck.ts";

/** Containers that end again and again, or cannot be started. */

export function crashes(snapshot: Snapshot): Clues {
  const findings = brokenContainers(snapshot).flatMap((container) => {
    if (isNotMade(container)) return [startError(container, container.status.state?.waiting?.message ?? "")];
    if (!isCrashing(snapshot, container)) return [];
    return [{ ...crash(snapshot, container), waitsFor: waitsForOther(snapshot, container) }];
  });
  return { findings, needs: [] };
}

function isNotMade({ status }: Container): boolean {
  return ["CreateContainerError", "RunContainerError"].includes(status.state?.waiting?.reason ?? "");
}

function startError({ place, init, status }: Container, message: string): Finding {
  const said = quote(/exec: "[^"]+": .*|error during container init: .*/.exec(message)?.[0] ?? message, 200);
  const subject = `${init ? "init container" : "container"} ${status.name}`;
  const common = { at: place, object: place };
  if (/executable file not found|no such file or directory/.test(message))
    return {
      ...common,
      type: "COMMAND_NOT_FOUND",
      cause: `the command of ${subject} is not in its image: ${said}`,
      hint: "Correct the command, or use an image that has it.",
    };
  if (/permission denied/.test(message))
    return {
      ...common,
      type: "COMMAND_NOT_EXECUTABLE",
      cause: `the command of ${subject} may not be executed: ${said}`,
      hint: "Make the file executable (chmod +x, or defaultMode 0755 of its volume), or call it through its interpreter.",
    };
  return {
    ...common,
    type: "CONTAINER_NOT_CREATED",
    cause: `${subject} cannot be created: ${said}`,
    hint: "Correct what the message names in the container's settings, or look at the node's container runtime.",
  };
}

function crash(snapshot: Snapshot, container: Container): Finding {
  const { place, init, spec, status } = container;
  const end = endOf(container)!;
  if (end.reason === "StartError") return startError(container, end.message ?? "");
  const subject = `${init ? "init container" : "container"} ${status.name}`;
  const log = lastLines(snapshot, container);
  const common = { at: place, object: place };
  if (end.reason === "OOMKilled") {
    const limit = spec.resources?.limits?.["memory"];
    return {
      ...common,
      type: "OUT_OF_MEMORY",
      cause: `${subject} was killed because it needs more memory than ${limit === undefined ? "the node has" : `its limit of ${limit}`} (OOMKilled, ${times(status.restartCount, "restart")})`,
      hint: "Raise its memory limit, or make the program need less.",
    };
  }
  if (end.exitCode === 127)
    return {
      ...common,
      type: "COMMAND_NOT_FOUND",
      cause: `${subject} ends with exit code 127, command not found${log}`,
      hint: "Correct the command, or use an image that has it.",
    };
  if (end.exitCode === 126)
    return {
      ...common,
      type: "COMMAND_NOT_EXECUTABLE",
      cause: `${subject} ends with exit code 126, command not executable${log}`,
      hint: "Make the file executable (chmod +x, or defaultMode 0755 of its volume), or call it through its interpreter.",
    };
  const ofJob = place.startsWith("Job/") && !init;
  return {
    ...common,
    type: ofJob ? "JOB_FAILED" : "CRASH",
    cause: `${ofJob ? `job failed: ${subject} ended` : `${subject} ends again and again`} with exit code ${end.exitCode}${signalName(end.exitCode)}${log}`,
    hint: log.startsWith(",") ? "Run its image by hand to see why it ends." : "Its last lines say what it misses.",
  };
}

function signalName(exitCode: number): string {
  const name = ({ 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM" } as Record<number, string>)[exitCode];
  return name === undefined ? "" : ` (${name})`;
}
