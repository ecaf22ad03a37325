import { DefaultLogger, Runtime } from "@temporalio/worker";
import { type Logger as PinoLogger, pino, stdTimeFunctions } from "pino";
import { redact } from "./redaction.ts";

export type Logger = PinoLogger;

/** Logs JSON lines to standard error; every string goes through the redaction. */
export function createLogger(): Logger {
  const options = {
    level: "info",
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: redact },
  };
  return pino(options, pino.destination({ dest: 2, sync: true }));
}

/**
 * Sends the Temporal SDK's own logs, of workflows and activities too, through ours. Call it before any worker exists.
 * @param metricsAddress host:port where the SDK serves its own metrics; without it, it does not
 */
export function installRuntime(logger: Logger, shutdownSignals: NodeJS.Signals[], metricsAddress?: string): void {
  const levels = { TRACE: "trace", DEBUG: "debug", INFO: "info", WARN: "warn", ERROR: "error" } as const;
  Runtime.install({
    shutdownSignals,
    logger: new DefaultLogger("WARN", ({ level, message, meta }) => {
      // The worker of a host's own queue has none on purpose.
      if (message.startsWith("No workflows registered")) return;
      const { workflowId, activityId, error, stack } = (meta ?? {}) as Record<string, unknown>;
      logger[levels[level]](
        { workflowId, activityId, ...(error instanceof Error && { error: error.message }), stack },
        message,
      );
    }),
    telemetryOptions: {
      logging: { filter: { core: "WARN", other: "ERROR" }, forward: {} },
      ...(metricsAddress !== undefined && { metrics: { prometheus: prometheus(metricsAddress) } }),
    },
  });
}

/** Names and units as Prometheus wants them. */
function prometheus(bindAddress: string) {
  return { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
}
