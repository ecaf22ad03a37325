import type { ComponentRecord, Diagnosis, Refusal, RpoRecord, RunRecord, StepRecord, Verdict } from "./record.ts";

/** What an audit says: whether what it looked at would come back, were it lost now, and whether a drill would be allowed. */

/**
 * Guards whose refusal means that what is lost would not come back, or not all of it, or that nobody can look. What the
 * others refuse keeps only a drill away.
 */
const ofRecovery = new Set([
  "target-missing",
  "tablespaces",
  "blast-radius",
  "archiving",
  "gitops",
  "orphans",
  "images",
  "volumes",
  "volatile-data",
  "backup-target",
]);

export function preventsRecovery({ guard }: Pick<Refusal, "guard">): boolean {
  return ofRecovery.has(guard);
}

/** The step that has found the newest backup and read it; undefined unless it is done. */
export function proofOf(
  name: string,
  { steps }: Pick<RunRecord, "steps">,
): (StepRecord & { endedAt: string }) | undefined {
  return steps.find(
    (step): step is StepRecord & { endedAt: string } =>
      step.id === `backup/proof/${name}` && step.status === "done" && step.endedAt !== null,
  );
}

/** What the guards' refusals and the proof mean for a component. */
export function auditVerdicts({ name, provenAt }: ComponentRecord, { refusals }: RunRecord): Verdict[] {
  return [
    ...refusals.filter((one) => one.component === name && preventsRecovery(one)).map((): Verdict => "FAIL"),
    ...(provenAt === null ? (["INCONCLUSIVE"] as const) : []),
  ];
}

/** Seconds in the largest unit of which there are two, as "3 days". */
function age(seconds: number): string {
  const units = [
    ["days", 86_400],
    ["hours", 3_600],
    ["minutes", 60],
  ] as const;
  const [unit, size] = units.find(([, one]) => seconds >= 2 * one) ?? (["seconds", 1] as const);
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** In words for a person; undefined where the objective is met, or there is none. */
function tooOld({ rpo, newestRecoveredAt }: ComponentRecord): string | undefined {
  const { seconds, objectiveSeconds } = rpo;
  if (seconds === null || objectiveSeconds === null || seconds <= objectiveSeconds) return undefined;
  return `its newest backup is ${age(seconds)} old (of ${newestRecoveredAt}), and the RPO objective is ${age(objectiveSeconds)}`;
}

/** Why a backup that was read through is not proven, or proves too little. @param component as it was judged */
export function auditDiagnosis(component: ComponentRecord, record: RunRecord): Diagnosis[] {
  const { name, provenAt } = component;
  const proof = proofOf(name, record);
  const old = tooOld(component);
  return [
    ...(old === undefined
      ? []
      : [
          {
            object: `${name}: RPO`,
            cause: old,
            hint: "Find out why no newer backup was made; `firedrill backup` makes one.",
          },
        ]),
    ...(proof !== undefined && provenAt === null
      ? [
          {
            object: `${name}: backup`,
            cause: proof.note ?? "not proven",
            hint: "Back it up with `firedrill backup`, or try it out in a drill.",
          },
        ]
      : []),
  ];
}

/** The whole audit in one sentence. */
export function summarizeAudit(
  record: RunRecord,
  { verdict, rpo, components }: { verdict: Verdict; rpo: RpoRecord; components: ComponentRecord[] },
): string {
  const names = components.map(({ name }) => name).join(" and ");
  const known = rpo.seconds === null ? "" : `; at most ${age(rpo.seconds)} of data would be lost`;
  if (verdict === "PASS")
    return `${names} could be recovered now: each newest backup was read and is whole${known}.${drill(record)}`;
  if (verdict === "INCONCLUSIVE") return `It is not proven that ${names} could be recovered now.${drill(record)}`;
  return `Not all of ${names} could be recovered now as planned: ${reasons(record, components).join("; ")}.${drill(record)}`;
}

function reasons({ steps, refusals }: RunRecord, components: ComponentRecord[]): string[] {
  return [
    ...steps
      .filter(({ status, component }) => status === "aborted" && component !== null)
      .flatMap(({ component, failures }) => `${component}: ${failures.at(-1)?.message}`),
    ...refusals.filter(preventsRecovery).map(({ message }) => message),
    ...components.flatMap((one) => tooOld(one)?.replace(/^/, `${one.name}: `) ?? []),
  ];
}

function drill({ refusals }: RunRecord): string {
  const guards = [...new Set(refusals.map(({ guard }) => guard))];
  return guards.length === 0 ? "" : ` A drill would be refused by: ${guards.join(", ")}.`;
}
