/** Lines of PostgreSQL's programs that repeat rows or statements: they belong into a log on the worker, not into a report. */
const repeating = /^(pg_\w+: detail: *)?(DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+|Command was): /;

/** The first line of a message; others continue the one before. pgBackRest's begin with the number of a process. */
const beginning = /^((pg_\w+|psql|pgbackrest)\b\S*: |[A-Z]+: |P\d\d |\S+ \S+ \S* ?P\d\d |\d{4}-\d\d-\d\d )/;

/** Values that the first line itself repeats: `invalid input syntax for type integer: "4711"`. */
const values: [RegExp, string][] = [
  [/\b((?:invalid|malformed|unterminated|out of range|not recognized)\b[^"\n]*: )".*"/g, '$1"…"'],
  [/\b((?:invalid )?value )".*?"(?= (?:is out of range|for|too))/g, '$1"…"'],
  [/^(.*ERROR: +)".*" (?=is not a valid )/gm, '$1"…" '],
];

/** What a program said, without what it repeats of rows and statements. */
export function withoutRowValues(text: string): string {
  let hidden = false;
  const lines = text.split("\n").filter((line) => {
    if (repeating.test(line)) hidden = true;
    else if (beginning.test(line)) hidden = false;
    return !hidden;
  });
  return values.reduce((clean, [value, replacement]) => clean.replace(value, replacement), lines.join("\n"));
}
