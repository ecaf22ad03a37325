import fc from "fast-check";

/** Ways to spoil what was good. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Words that mean something to YAML, JavaScript or HTML. */
export const tricky = fc.constantFrom(
  "__proto__",
  "constructor",
  "toString",
  "",
  " ",
  "<<",
  "*a",
  "&a 1",
  "!!binary aa",
  "~",
  "null",
  "0x10",
  "1e400",
  "-0",
  ".nan",
  "2026-11-21",
  "\u0000",
  "\u2028",
  "\ud800",
  "é\u0301",
  "'",
  '"',
  "a: b",
  "# no",
  "- ",
  "\t",
  "{",
  "[",
  "%YAML 1.1",
  "---",
);

/** Any text: YAML-like signs are as frequent as letters. */
export const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(fc.oneof(tricky, fc.constantFrom(":", "\n", "  ", "- ", ", ", "name", "components", "}", "]")), {
      maxLength: 40,
    })
    .map((parts) => parts.join("")),
);

export const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

type TextEdit = { at: number; remove: number; insert: string };

const textEdit: fc.Arbitrary<TextEdit> = fc.record({
  at: fc.nat(100_000),
  remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(200)),
  insert: fc.oneof(
    fc.constant(""),
    tricky,
    fc.string({ maxLength: 3 }),
    fc.constantFrom("9", "0", "-", "\n", "999999999999999999999"),
  ),
});

/** A text with a few places changed: bytes lost, doubled, put in, or the end cut off. */
export function mutated(of: string): fc.Arbitrary<string> {
  return fc.tuple(fc.array(textEdit, { maxLength: 4 }), fc.option(fc.nat(of.length))).map(([edits, end]) =>
    edits.reduce(
      (spoilt, { at, remove, insert }) => {
        const from = at % (spoilt.length + 1);
        return spoilt.slice(0, from) + insert + spoilt.slice(from + remove);
      },
      of.slice(0, end ?? of.length),
    ),
  );
}

type ValueEdit = { at: number; how: "replace" | "remove" | "add"; key: string; value: Json };

const valueEdit: fc.Arbitrary<ValueEdit> = fc.record({
  at: fc.nat(1_000),
  how: fc.constantFrom("replace", "remove", "add"),
  key: fc.oneof(tricky, fc.constantFrom("password", "env", "kind", "nmae", "host"), fc.string({ maxLength: 8 })),
  value: fc.oneof(json, tricky),
});

/** A value with a few places changed: replaced, taken out, or a key put in. */
export function spoilt(of: Json): fc.Arbitrary<Json> {
  return fc.array(valueEdit, { minLength: 1, maxLength: 3 }).map((edits) => {
    const root = { root: structuredClone(of) };
    for (const edit of edits) change(places(root), edit);
    return root.root;
  });
}

type Holder = Record<string, Json>;

/** Every place below a value, as its holder and key. */
function places(holder: Holder): [Holder, string][] {
  return Object.keys(holder).flatMap((key): [Holder, string][] => {
    const inside = holder[key];
    return [[holder, key], ...(typeof inside === "object" && inside !== null ? places(inside as Holder) : [])];
  });
}

function change(all: [Holder, string][], { at, how, key, value }: ValueEdit): void {
  const [holder, name] = all[at % all.length]!;
  const inside = holder[name];
  if (how === "remove" && !("root" in holder)) {
    if (Array.isArray(holder)) holder.splice(Number(name), 1);
    else delete holder[name];
  } else if (how === "add" && typeof inside === "object" && inside !== null && !Array.isArray(inside)) {
    Object.defineProperty(inside, key, { value, enumerable: true, configurable: true, writable: true });
  } else holder[name] = value;
}
