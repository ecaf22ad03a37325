import { loadConfig } from "../../config.ts";
import { measure } from "../../metrics/measured.ts";
import { registryOf } from "../../metrics/registry.ts";
import { createRecordReader } from "../../read-records.ts";
import { print, printJson } from "../console.ts";
import { tellLeftOut } from "../left-out.ts";
import { exitCodes } from "../outcome.ts";
import { writeOutput } from "../output-file.ts";

interface MetricsOptions {
  records?: string;
  output?: string;
  json?: boolean;
}

/**
 * Prints what the records of a directory say as metrics, or replaces a file that node_exporter collects.
 * Throws REQUEST_INVALID, CONFIG_INVALID, DISK_FULL.
 */
export async function showMetrics({ records, output, json = false }: MetricsOptions): Promise<number> {
  const { found, broken } = await createRecordReader(measure)(records ?? loadConfig().records);
  tellLeftOut(broken);
  const registry = registryOf(found, broken.length);
  if (json) printJson(await registry.getMetricsAsJSON());
  else if (output === undefined) print((await registry.metrics()).trimEnd());
  else {
    // node_exporter runs as another user, and cron may have any umask.
    process.umask(0o022);
    await writeOutput(output, await registry.metrics(), 0o644);
  }
  return exitCodes.done;
}
