import type { OneOf } from "../plan/many-volumes.ts";

/** What the record of a component says of others that it belongs to. Each is missing where there is none. */
export interface Belonging {
  /** The namespace of which it is data, and is lost and restored with. */
  holder?: string | undefined;
  /** It means many volumes, which were not found yet. */
  many?: true | undefined;
  /** Which it is of the volumes that a component of the plan means. */
  of?: OneOf | undefined;
}
