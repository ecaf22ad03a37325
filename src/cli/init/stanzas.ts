import { existsSync } from "node:fs";
import { parseStanzas, identityOf } from "../../activities/pgbackrest/info.ts";
import { lastWords, output, runProgram } from "../../activities/exec.ts";
import { describeFailure } from "../../failures.ts";
import { defaults } from "./draft.ts";
import type { FoundServer } from "./look.ts";
import { isLocal } from "./places.ts";

export interface FoundStanza {
  name: string;
  backups: number;
  /** The server that it belongs to, by PostgreSQL's system identifier; undefined where none answers. */
  server?: FoundServer | undefined;
  /** Operating-system user that owns the data, where this one is another and may become it. */
  osUser?: string | undefined;
}

/** The stanzas of pgBackRest's repositories, each with its server. Without pgBackRest or its usual file there are none. */
export async function findStanzas(
  config: string,
  servers: FoundServer[],
): Promise<{ stanzas: FoundStanza[]; unseen: { place: string; message: string }[] }> {
  if (config === defaults.config && !existsSync(config)) return { stanzas: [], unseen: [] };
  try {
    const argv = ["pgbackrest", "info", `--config=${config}`, "--output=json", "--log-level-console=off"];
    const end = await runProgram({ argv, timeoutMs: 10_000 });
    if (end.exitCode !== 0) return { stanzas: [], unseen: [unseen(config, lastWords(end.stderr || end.stdout))] };
    // 1 and 3: a stanza that was never created, or is gone.
    const stanzas = parseStanzas(end.stdout).filter(({ status }) => status.code !== 1 && status.code !== 3);
    return { stanzas: await Promise.all(stanzas.map((stanza) => withServer(stanza, servers))), unseen: [] };
  } catch (error) {
    const { type, message } = describeFailure(error);
    return { stanzas: [], unseen: type === "PROGRAM_MISSING" ? [] : [unseen(config, message)] };
  }
}

async function withServer(
  stanza: ReturnType<typeof parseStanzas>[number],
  servers: FoundServer[],
): Promise<FoundStanza> {
  // The data must be on this host, and a copy of the server elsewhere has the same identifier.
  const server = servers.find(
    ({ connection, systemIdentifier }) => isLocal(connection.host) && systemIdentifier === identityOf(stanza),
  );
  const data = server?.dataDirectory ?? "";
  const osUser = data !== "" && process.getuid?.() === 0 ? await ownerName(data) : undefined;
  return { name: stanza.name, backups: stanza.backup.length, server, osUser };
}

async function ownerName(path: string): Promise<string | undefined> {
  const name = (await output({ argv: ["stat", "-c", "%U", path] })).trim();
  return name === "root" || name === "UNKNOWN" ? undefined : name;
}

function unseen(config: string, message: string): { place: string; message: string } {
  return { place: `stanzas of ${config}`, message };
}
