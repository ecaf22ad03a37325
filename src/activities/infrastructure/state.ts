import { fail } from "../../failures.ts";
import { rememberSecret } from "../../redaction.ts";
import { ShownState, State } from "./schema.ts";

/** What a state says of itself, without its values. */
export interface StateSummary {
  lineage: string;
  serial: number;
  /** Of every managed instance, in the order of the state. */
  addresses: string[];
  /** What it marks as sensitive, as far as a program may quote it. Never leaves the step. */
  secrets: string[];
}

const noState: StateSummary = { lineage: "", serial: 0, addresses: [], secrets: [] };

/**
 * Reads what `state pull` prints; nothing is printed when there is no state. What the state marks as sensitive is known
 * as a secret from then on.
 * @throws PROGRAM_FAILED when it is no state
 */
export function readState(text: string): StateSummary {
  if (text.trim() === "" || (/successfully initialized!/.test(text) && !text.includes("{"))) return noState;
  const parsed = State.safeParse(json(text));
  if (!parsed.success) throw fail("PROGRAM_FAILED", "`state pull` printed something that is no state");
  const secrets = sensitiveIn(parsed.data);
  for (const secret of secrets) rememberSecret(secret);
  const { lineage, serial, resources } = parsed.data;
  const addresses = (resources ?? []).filter(({ mode }) => mode === "managed").flatMap(addressesOf);
  return { lineage, serial, addresses, secrets };
}

function addressesOf({ module, type, name, instances }: NonNullable<State["resources"]>[number]): string[] {
  const resource = `${module === undefined ? "" : `${module}.`}${type}.${name}`;
  return instances.map(({ index_key: key }) => (key === undefined ? resource : `${resource}[${JSON.stringify(key)}]`));
}

/** Whether `show -json` shows no resource, nor an output. @throws PROGRAM_FAILED when it is no state that is shown */
export function showsNothing(text: string): boolean {
  const parsed = ShownState.safeParse(json(text));
  if (!parsed.success) throw fail("PROGRAM_FAILED", "`show -json` printed something that is no state");
  const root = parsed.data.values?.root_module;
  return (root?.resources ?? []).length === 0 && (root?.child_modules ?? []).length === 0;
}

/** Managed resources among the lines of `state list`; what Terragrunt says before it is passed over. */
export function readList(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^[A-Za-z_][\w-]*\.[A-Za-z_]/.test(line) && !/^(module\.[^.]+\.)*data\./.test(line));
}

/** What a program printed as JSON; undefined when it is none. Terragrunt may have initialised something first, and said so. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text.slice(Math.max(0, text.search(/^[{[]/m))));
  } catch {
    return undefined;
  }
}

/** Shorter values hide too much, longer ones are never quoted whole; all together must fit into an environment. */
const lengths = { shortest: 8, longest: 4_096, together: 65_536 };

function sensitiveIn({ outputs, resources }: State): string[] {
  const values = Object.values(outputs ?? {}).flatMap(({ value, sensitive }) =>
    sensitive === true ? texts(value) : [],
  );
  const instances = (resources ?? []).flatMap((resource) => resource.instances);
  for (const { attributes, sensitive_attributes: paths } of instances)
    for (const path of paths ?? []) values.push(...texts(valueAt(attributes, path)));
  let room = lengths.together;
  return [...new Set(values)].filter((text) => {
    const { length } = text;
    if (length < lengths.shortest || length > lengths.longest || length > room || text.includes("\0")) return false;
    room -= length;
    return true;
  });
}

/** A path is a list of `{ type: get_attr | index, value }`; Terraform wraps the value of an index once more. */
function valueAt(attributes: unknown, path: unknown): unknown {
  if (!Array.isArray(path)) return undefined;
  let at = attributes;
  for (const step of path as ({ value?: unknown } | null)[]) {
    const value = step?.value;
    const key = typeof value === "object" && value !== null && "value" in value ? value.value : value;
    at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[String(key)] : undefined;
  }
  return at;
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}
