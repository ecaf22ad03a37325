/** One place of a record that is not as it should be. */
export interface Difference {
  /** Such as `steps[restore/shop].status`; empty for the whole record. */
  path: string;
  /** What the record says there; undefined when it says nothing. */
  stands: unknown;
  /** The value that belongs there, or in words what must hold; undefined when nothing belongs there. */
  should: unknown;
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Elements of a list by their ID or name, or by their number where two would have the same. */
function byKey(list: unknown[]): Map<string, unknown> {
  const keys = list.map((item, index) => {
    const key = isObject(item) ? (item["id"] ?? item["name"]) : undefined;
    return typeof key === "string" ? key : String(index);
  });
  const unique = new Set(keys).size === keys.length;
  return new Map(list.map((item, index) => [unique ? keys[index]! : String(index), item]));
}

/** Compares two JSON values and names every place where they differ. */
export function differences(stands: unknown, should: unknown, path = ""): Difference[] {
  if (isObject(stands) && isObject(should)) {
    const keys = new Set([...Object.keys(should), ...Object.keys(stands)]);
    return [...keys].flatMap((key) =>
      differences(own(stands, key), own(should, key), path === "" ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(stands) && Array.isArray(should)) {
    const [there, wanted] = [byKey(stands), byKey(should)];
    const order = [...there.keys()].join("\n") === [...wanted.keys()].join("\n") || there.size !== wanted.size;
    const keys = new Set([...wanted.keys(), ...there.keys()]);
    const inside = [...keys].flatMap((key) => differences(there.get(key), wanted.get(key), `${path}[${key}]`));
    if (inside.length > 0 || order) return inside;
    return [{ path, stands: [...there.keys()], should: [...wanted.keys()] }];
  }
  return stands === should ? [] : [{ path, stands, should }];
}

/** Names such as `__proto__` are keys like any other in what was read from a file. */
function own(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
