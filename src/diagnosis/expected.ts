import { type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Expected, Snapshot } from "./cause.ts";
import { find, kindOf } from "./look.ts";

/** As `nameOf` writes it. */
export const placeOf = ({ apiVersion, kind, name }: Expected) => nameOf({ apiVersion, kind, metadata: { name } });

/** The expected object; a Namespace is not in itself. */
export function lookUp({ objects, cluster }: Snapshot, expected: Expected): KubernetesObject | undefined {
  const { apiVersion, kind, name } = expected;
  return find([...objects, ...cluster], kindOf({ apiVersion, kind, metadata: { name } }), name);
}
