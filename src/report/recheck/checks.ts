import type { CheckRecord, ComponentRecord, RunRecord, StepRecord } from "../record.ts";
import { comesBackByItself } from "../rpo.ts";
import type { Difference } from "./differences.ts";
import { meaning } from "./findings.ts";

/** What a component says of its backup, its loss and its checks, against what its steps say. */

/** Checks that the negative control does not ask, or asks in other words. */
const withoutControl = ["place", "catalog", "not-empty", "has-files", "origin"];

export function checkComponent(component: ComponentRecord, record: RunRecord): Difference[] {
  const path = `components[${component.name}]`;
  const step = (verb: string) => record.steps.find(({ id }) => id === `${verb}/${component.name}`);
  const asked = component.checks.filter(({ expected, found }) => expected !== "" || found !== "not asked yet");
  return [
    ...component.checks.flatMap((check) => checkCheck(check, `${path}.checks[${check.name}]`)),
    ...controls(
      component,
      record,
      step(comesBackByItself(component.kind) ? "rebuild/control" : "restore/control"),
      path,
    ),
    ...counted(asked, step("verify"), path),
    ...moments(component, record, step, path),
    ...component.waits.flatMap(({ from, to }, index) =>
      Date.parse(from) > Date.parse(to)
        ? [{ path: `${path}.waits[${index}].to`, stands: to, should: `not before ${from}` }]
        : [],
    ),
  ];
}

function checkCheck(check: CheckRecord, path: string): Difference[] {
  const { passed, proven, negativeControl } = check;
  const meant = meaning(check);
  // One that could not be made has not passed, whatever it found.
  const contradicts = passed ? meant === false : proven && meant === true;
  return [
    ...(contradicts
      ? [{ path: `${path}.passed`, stands: passed, should: `${!passed}, as it found: ${check.found}` }]
      : []),
    ...(passed && proven && negativeControl?.passed === true
      ? [{ path: `${path}.proven`, stands: true, should: "false, as it passed while the data was lost" }]
      : []),
  ];
}

/** In an exercise the control asks what is verified later. */
function controls(
  { checks, kind }: ComponentRecord,
  { run }: RunRecord,
  control: StepRecord | undefined,
  path: string,
): Difference[] {
  const made = control?.status === "done";
  if (made && run.type !== "exercise") return [];
  return checks.flatMap(({ name, negativeControl }) => {
    // Of several pods some may answer all the while.
    const mayAnswer = kind === "workload" && /^https?:/.test(name);
    if ((negativeControl !== null) === made || (made && (withoutControl.includes(name) || mayAnswer))) return [];
    const should = made ? "an answer, as the negative control was made" : "null, as no negative control was made";
    return [{ path: `${path}.checks[${name}].negativeControl`, stands: negativeControl, should }];
  });
}

/** A verification tells in its step how many checks it made. */
function counted(checks: CheckRecord[], verify: StepRecord | undefined, path: string): Difference[] {
  const [text, passed, all] = /^(\d+) of (\d+) checks passed$/.exec(verify?.note ?? "") ?? [];
  if (verify?.status !== "done" || text === undefined) return [];
  const made = checks.filter(({ name }) => name !== "place");
  const found = `${made.filter((check) => check.passed).length} of ${made.length} checks passed`;
  return found === `${passed} of ${all} checks passed`
    ? []
    : [{ path: `${path}.checks`, stands: found, should: `${text}, as its step says` }];
}

function moments(
  { kind, holder, lostAt, provenAt, backup, checks }: ComponentRecord,
  { run, endedAt, steps }: RunRecord,
  step: (verb: string) => StepRecord | undefined,
  path: string,
): Difference[] {
  const ofLayers = steps.filter(({ id }) => id.startsWith("destroy/layer/"));
  const done = (verb: string) =>
    verb === "destroy/layer" ? ofLayers.some(({ status }) => status === "done") : step(verb)?.status === "done";
  const loses =
    run.type !== "exercise"
      ? null
      : run.scenario === "cluster"
        ? "destroy/layer"
        : run.scenario === "none" || holder !== undefined
          ? "restore/control"
          : "destroy";
  const makes = run.type === "restore" ? "restore" : "backup";
  // Of what comes back by itself only an audit names what stands for its backup: the revision in Git, the volumes.
  const brings = run.type === "audit" ? "backup/proof" : comesBackByItself(kind) ? null : makes;
  const good = checks.every(({ passed, proven }) => passed || !proven) && checks.some(({ passed }) => passed);
  const verified = done("verify") || done("verify/place");
  const wrong: Difference[] = [];
  const say = (key: string, stands: unknown, should: string) => wrong.push({ path: `${path}.${key}`, stands, should });
  if (loses === null ? lostAt !== null : done(loses) !== (lostAt !== null))
    say(
      "lostAt",
      lostAt,
      loses !== null && done(loses) ? `a time, as ${loses} is done` : "null, as nothing was taken away",
    );
  const brought = brings !== null && done(brings);
  if (brought !== (backup !== null))
    say("backup", backup, brought ? "the backup that was made" : "null, as none was made");
  if (endedAt !== null && good && verified && provenAt === null)
    say("provenAt", null, "a time, as all checks have passed");
  const tried = verified || [step("verify"), step("verify/place")].some((one) => (one?.failures.length ?? 0) > 0);
  if (provenAt !== null && !tried && !(run.type === "audit" && brought))
    say("provenAt", provenAt, "null, as nothing was verified");
  return wrong;
}
