import type { Verification } from "../verbs.ts";
import type { LayerState } from "./layers.ts";
import type { Known } from "./memory.ts";

/** What a report says of the cluster itself, one row each. Pure. */

type Row = Verification["checks"][number];

const identityRow = "Cluster";
const certificateRow = "Certificate";
const nodesRow = "Nodes";
const layerRow = (name: string) => `Layer ${name}`;

export function namesOfRows({ identity, certificate, layers }: Known): string[] {
  return [
    ...(identity === "" ? [] : [identityRow]),
    ...(certificate === undefined ? [] : [certificateRow]),
    nodesRow,
    ...layers.map(layerRow),
  ];
}

/** Whether a row is about who answers, and not about what is in there. */
export function isOfServer(name: string): boolean {
  return name === identityRow || name === certificateRow;
}

/** After a real loss nobody knows how many there were. */
export function wantedNodes({ nodes }: Pick<Known, "nodes">): number {
  return Math.max(1, nodes.length);
}

interface Now {
  identity: string;
  /** Null where its kubeconfig says nothing of it. */
  certificate: string | null;
  nodes: number;
  layers: LayerState[];
}

/** @param now what is there after the rebuild */
export function rowsOf(known: Known, now: Now): Row[] {
  const isOther = now.identity !== "" && now.identity !== known.identity;
  const wanted = wantedNodes(known);
  const found = isOther ? `new: ${now.identity}` : "the same as before";
  return [
    // Of a real loss nobody knows which one it was; that the new one was made since, whoever reached it has seen.
    ...(known.identity === "" ? [] : [row(identityRow, isOther, "another one than before", found)]),
    ...(known.certificate === undefined ? [] : [certificateOf(known.certificate, now.certificate)]),
    row(
      nodesRow,
      now.nodes >= wanted,
      `${known.nodes.length === 0 ? "at least " : ""}${wanted} ready`,
      `${now.nodes} ready`,
    ),
    ...known.layers.map((name) => {
      const state = now.layers.find((one) => one.name === name);
      return row(layerRow(name), state?.ready === true, "ready", state?.found ?? "it is not there");
    }),
  ];
}

function certificateOf(before: string, now: string | null): Row {
  const isOther = now !== null && now !== before;
  const found = isOther
    ? `new: ${now.slice(0, 23)}…`
    : now === null
      ? "the kubeconfig names no CA"
      : "the same as before";
  return row(certificateRow, isOther, "another one than before", found);
}

function row(name: string, passed: boolean, expected: string, found: string): Row {
  return { name, title: name, proven: true, passed, exact: true, negativeControl: null, expected, found };
}
