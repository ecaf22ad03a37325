import type { TableSum } from "../postgres/fingerprint.ts";

/** What `pg_restore --list` says of a dump: a line an entry, "3390; 0 16390 TABLE DATA public customer postgres". */
export interface Contents {
  entries: number;
  /** Tables that have rows, by the fingerprint, and no data in the dump. */
  missing: string[];
  largeObjects: boolean;
}

export function readContents(list: string, tables: Pick<TableSum, "name" | "rows">[]): Contents {
  const entries = list.split("\n").filter((line) => /^\d+;/.test(line));
  const has = (name: string) => {
    const place = ` DATA ${unquoted(name)} `;
    return entries.some((line) => line.includes(place));
  };
  return {
    entries: entries.length,
    missing: tables.flatMap(({ name, rows }) => (rows === 0 || has(name) ? [] : name)),
    largeObjects: entries.some((line) => / BLOBS? /.test(line)),
  };
}

/** Schema and name as the list shows them: without quotes, one line (pg_dump.c, sanitize_line). */
function unquoted(name: string): string {
  const [, schema = "", table = name] = /^("(?:[^"]|"")*"|[^".]*)\.("(?:[^"]|"")*"|[^"]*)$/s.exec(name) ?? [];
  return [schema, table].map((part) => plain(part).replaceAll(/[\r\n]/g, " ")).join(" ");
}

function plain(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part;
}
