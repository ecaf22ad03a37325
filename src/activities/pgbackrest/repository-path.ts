import { readFile } from "node:fs/promises";
import type { PgBackRestComponent } from "../../plan/schema.ts";

/**
 * Directories of repositories that lie on this host, read from pgBackRest's configuration: sections [global] and
 * [stanza], the latter winning. A repository on another host or in an object store cannot lie in a data directory.
 */
export function repositoryPaths(configuration: string, stanza: string): string[] {
  const options = new Map<string, string>();
  const sections = new Map<string, string[]>();
  let section = "";
  for (const line of configuration.split("\n").map((text) => text.trim())) {
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) section = header;
    else sections.set(section, [...(sections.get(section) ?? []), line]);
  }
  for (const line of [...(sections.get("global") ?? []), ...(sections.get(stanza) ?? [])]) {
    const [, key, value] = /^(repo\d+-[a-z-]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) options.set(key, value.trim());
  }
  const keys = new Set(["1", ...[...options.keys()].map((key) => /\d+/.exec(key)![0])]);
  return [...keys].flatMap((key) => {
    const type = options.get(`repo${key}-type`) ?? "posix";
    const local = !options.has(`repo${key}-host`) && ["posix", "cifs"].includes(type);
    return local ? [options.get(`repo${key}-path`) ?? "/var/lib/pgbackrest"] : [];
  });
}

export async function readRepositoryPaths({ config, stanza }: PgBackRestComponent): Promise<string[]> {
  return repositoryPaths(await readFile(config, "utf8"), stanza);
}
