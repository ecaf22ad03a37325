import * as z from "zod";
import type { Complaint } from "./complaint.ts";
import { type AnySchema, distinctKeys, inner, type Path, schemasAlong } from "./schema-walk.ts";
import { secretSchemas } from "./scalars.ts";

export const secretHint =
  "Write `{ env: SHOP_PASSWORD }` or `{ file: /run/secrets/shop-password }`; a secret that stood in a file should be changed.";

export function isSecret(schema: AnySchema): boolean {
  return secretSchemas.has(inner(schema));
}

/** What stands at `path` is a secret or a part of one. */
export function underSecret(root: AnySchema, path: Path, value: unknown): boolean {
  return schemasAlong(root, path, value).some(isSecret);
}

/** For a value where a reference should stand. */
export function secretComplaint(path: Path): Complaint {
  return { path, message: "must be a reference to a secret, never the secret itself", hint: secretHint };
}

/** The path as it may be shown: below a secret only the keys that a reference has, because a key may be the secret. */
export function visiblePath(root: AnySchema, path: Path, value: unknown): Path {
  const depth = schemasAlong(root, path, value).findIndex(isSecret);
  if (depth === -1 || path.length === depth) return path;
  const secret = inner(schemasAlong(root, path, value)[depth]!);
  const known = secret instanceof z.ZodUnion ? distinctKeys(secret).flat() : [];
  return known.includes(String(path[depth])) ? path.slice(0, depth + 1) : path.slice(0, depth);
}
