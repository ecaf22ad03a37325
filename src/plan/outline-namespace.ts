import type { RunType } from "../report/record.ts";
import { componentStep, type Named, type Particulars, runStep, type StepOutline, type Verb } from "./steps.ts";

type Asked = Pick<Particulars, "approvals" | "resumes">;

const each = (of: Named[], ...verbs: Verb[]) => of.flatMap((one) => verbs.map((verb) => componentStep(verb, one)));

/** The runbook of namespaces, in which each takes turns with its data: their drill, and their restore after a real loss. Pure. */
export function outlineOfNamespaces(type: RunType, components: Named[], { approvals, resumes }: Asked): StepOutline[] {
  const isDrill = type === "exercise";
  const data = components.filter(({ holder }) => holder !== undefined);
  const holders = components.filter(({ holder }) => holder === undefined);
  return [
    ...(resumes ? each(components, "confirm") : []),
    ...each(components, "inspect"),
    runStep("preflightGuards"),
    ...(isDrill ? [...each(data, "plant"), ...each(data, "backup"), ...each(components, "proof")] : []),
    ...(approvals ? [runStep("approve")] : []),
    ...(isDrill ? [runStep("destroyGuards")] : []),
    ...holders.flatMap((holder) => [
      ...(isDrill ? each([holder], "destroy", "gone") : []),
      ...bringBack(
        holder,
        data.filter((one) => one.holder === holder.name),
      ),
    ]),
    ...(isDrill ? each(data, "retention") : []),
    runStep("cleanup"),
    runStep("files"),
  ];
}

/** A namespace is back when its data is: what works with it would else begin with an empty database. */
function bringBack(holder: Named, data: Named[]): StepOutline[] {
  return [
    ...each(data, "control"),
    ...(data.length > 0 ? each([holder], "servers") : []),
    ...each(data, "restore", "verify", "place"),
    ...each([holder], "rebuild", "verify"),
  ];
}
