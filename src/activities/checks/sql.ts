import type { CheckOf } from "../../plan/check-schema.ts";
import { describePlace, withClient } from "../postgres/client.ts";
import { comparingKind } from "./kind.ts";

type Sql = CheckOf<"sql">;

/** Longer than this a question that is asked again and again must not take. */
const withinMs = 30_000;
const mostCharacters = 200;

export const sql = comparingKind<Sql, string | null>({
  title: ({ query, connection, database }) => `SQL ${shorten(query)} in ${describePlace(connection, database)}`,
  before: async (check) => (check.equals === undefined ? await answerOf(check) : null),
  expected: ({ equals }, before) => equals ?? before ?? "an answer",
  async ask(check, before) {
    const answer = await answerOf(check);
    return { ok: answer !== null && answer === (check.equals ?? before), found: answer ?? "no row" };
  },
});

/** First column of the first row, as PostgreSQL writes it; null without one. */
async function answerOf({ connection, database, query }: Sql): Promise<string | null> {
  return await withClient(connection, database, async (client) => {
    await client.query("begin read only");
    await client.query(`set local statement_timeout = ${withinMs}`);
    // PostgreSQL's own default, which our connections do without.
    await client.query('set local search_path = "$user", public');
    const raw = { getTypeParser: () => (text: string) => text };
    const { rows } = await client.query<(string | null)[]>({ text: query, rowMode: "array", types: raw });
    const value = rows[0]?.[0];
    return value === undefined ? null : shorten(value ?? "null");
  });
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > mostCharacters ? `${line.slice(0, mostCharacters)}…` : line;
}
