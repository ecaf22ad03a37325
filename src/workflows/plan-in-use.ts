import { isCancellation, patched } from "@temporalio/workflow";
import type { ClusterInput } from "../activities/cluster/verbs.ts";
import type { Resumed } from "../activities/resume.ts";
import type { RunRef } from "../activities/verbs.ts";
import { describeFailure, fail } from "../failures.ts";
import { comparePlans, contradiction } from "../plan/reload.ts";
import type { ClusterAccess } from "../plan/access-schema.ts";
import type { Layer } from "../plan/infrastructure-schema.ts";
import type { LonghornComponent } from "../plan/longhorn-schema.ts";
import { namesInPlan, type OneOf, volumeOf } from "../plan/many-volumes.ts";
import type { Component, DataComponent, Plan } from "../plan/schema.ts";
import type { Reload } from "../report/people.ts";
import type { RunRecord, StepRecord } from "../report/record.ts";
import { reloadPlan } from "./activities.ts";
import type { Lanes } from "./lanes.ts";
import type { Earlier } from "../activities/expected.ts";

export interface LoadedPlan extends Pick<Earlier, "expectedSeconds"> {
  plan: Plan;
  sha256: string;
  codeVersion: string;
  /** Task queue of the host that keeps the plan and the run's directory. */
  host: string;
  /** Where the report will lie. */
  directory: string;
  /** Missing where an older version has read it. */
  before?: Earlier["before"];
}

/** What in a step's input may be in the plan. */
interface Refreshable {
  access?: unknown;
  holder?: Component;
  layer?: Layer;
  cluster?: unknown;
}

/** The plan by which a run works: the one that it began with, until a person lets it be read again. */
export function createPlanInUse(record: RunRecord, ref: RunRef) {
  let plan: Plan;
  let host = "";
  let chosen: { name: string; of?: OneOf | undefined }[] = [];
  let components: Component[] = [];

  function adopt(next: Plan, sha256: string): void {
    plan = next;
    components = chosen.map(({ name, of }) => (of === undefined ? named(name)! : volumeOf(manyNamed(of), name, of)));
    ref.planSha256 = sha256;
    record.plan.sha256 = sha256;
  }

  const named = (name: string) => plan.components.find((one) => one.name === name);
  const layerNamed = (name: string) => plan.infrastructure?.find((one) => one.name === name);
  /** A plan in which it means something else is not taken into use. */
  const manyNamed = ({ component }: OneOf) => named(component) as LonghornComponent;
  const find = (name: string | null) => components.find((one) => one.name === name);

  /** @throws UNEXPECTED without a cluster; a plan with namespaces has one */
  function access(): ClusterAccess {
    if (plan.access === undefined) throw fail("UNEXPECTED", `plan ${plan.name} names no cluster`);
    return plan.access;
  }

  /** @throws REQUEST_INVALID where the plan does not say what the cluster is made of */
  function clusterInput(): Omit<ClusterInput, "run"> {
    const component = components.find((one) => one.kind === "cluster");
    if (component === undefined || plan.infrastructure === undefined || plan.access === undefined)
      throw fail(
        "REQUEST_INVALID",
        `plan ${plan.name} does not say what its cluster is made of`,
        "It needs `infrastructure`, `access` and a component of kind `cluster`.",
      );
    const saved = components.flatMap((one) => {
      if (one.kind !== "longhorn") return [];
      const { namespace, claim, volume } = one;
      return [{ namespace, claim, volume }];
    });
    const { access, gitops, checks = [] } = plan;
    return { component, access, gitops, checks, saved };
  }

  /** Whether people have agreed to something that has not been destroyed yet: to that, by the file as it was. */
  function isApproved(): boolean {
    if ((record.approvals?.given.length ?? 0) === 0) return false;
    // A restore moves away what is in its way when it puts the data into place.
    const needsConsent = (step: StepRecord) =>
      record.run.type === "restore" ? step.id.startsWith("verify/place/") : step.destroys;
    return record.steps.some((step) => needsConsent(step) && step.status !== "done");
  }

  /** @throws REQUEST_INVALID where the changed plan would contradict what the run has done, or what people approved */
  function compare(next: Plan, sha256: string): Reload {
    const refuse = (message: string, hint: string) => fail("REQUEST_INVALID", message, hint);
    const name = `plan ${plan.name} (sha256 ${sha256.slice(0, 8)}…)`;
    // What another component's first step looks at while this one waits has been read already.
    const begun = record.steps
      .filter(({ status }) => status === "done" || status === "running")
      .map(({ component }) => nameInPlan(component));
    const names = namesInPlan(chosen);
    const { changed, forbidden } = comparePlans(plan, next, names, new Set(begun));
    if (forbidden.length > 0)
      throw refuse(
        `${name} differs from what this run has worked by so far: ${forbidden.join(", ")}`,
        "Put that back and retry with the rest, or abort and start a new run with the changed plan.",
      );
    const isOther = () => changed.length > 0 || patched("approved-plan-as-it-stands");
    if (isApproved() && sha256 !== record.plan.sha256 && isOther())
      throw refuse(
        `${name} differs from the one whose destruction was approved: ${changed.join(", ") || "its text, such as a comment"}`,
        "Put it back and retry, or abort and start a new run, which needs new approvals.",
      );
    return { sha256, changed };
  }

  const nameInPlan = (name: string | null) => chosen.find((one) => one.name === name)?.of?.component ?? name ?? "";

  return {
    begin(loaded: LoadedPlan, of: Component[]): void {
      chosen = of;
      host = loaded.host;
      adopt(loaded.plan, loaded.sha256);
    },
    /** From now on the run is about these; those that are one of many volumes were found meanwhile. */
    narrow(to: typeof chosen): void {
      chosen = to;
      adopt(plan, record.plan.sha256);
    },
    /** One of many volumes, by the plan as it stands now. */
    volume: (name: string) => find(name) as LonghornComponent,
    /** Those with data: the volumes of a component that means many are worked on by its own measure. */
    groups: (): Lanes<DataComponent>[] => {
      const ofName = new Map(chosen.map(({ name, of }) => [name, of]));
      const data = components.filter(
        (one) => !["namespace", "workload", "cluster"].includes(one.kind),
      ) as DataComponent[];
      const groups = Map.groupBy(data, ({ name }) => ofName.get(name)?.component);
      return [...groups].map(([many, all]) => ({
        components: all,
        parallel: many === undefined ? undefined : (named(many) as LonghornComponent).parallel,
      }));
    },
    /** Task queue of the host that keeps the plan and the run's directory. */
    host: () => host,
    /** Who must approve a destruction, undefined where the plan asks for nobody. */
    approvals: () => plan.approvals,
    decisions: () => plan.decisions,
    notify: () => plan.notify ?? [],
    freeze: () => plan.freeze ?? [],
    components: () => components,
    access,
    /** What of a step's input is in the plan, as it stands there by now. */
    refreshed: (name: string | null, input: Refreshable): object => {
      const component = find(name);
      const holder = input.holder && find(input.holder.name);
      return {
        ...(component && { component }),
        ...(holder && { holder }),
        ...(input.layer !== undefined && { layer: layerNamed(input.layer.name) ?? input.layer }),
        ...(input.cluster !== undefined && { cluster: clusterInput() }),
        ...((input.access !== undefined || component?.kind === "longhorn") && { access: access() }),
      };
    },
    /** @throws REQUEST_INVALID where the plan does not say what the cluster is made of */
    cluster: () => ({ input: clusterInput(), layers: plan.infrastructure ?? [] }),
    /** Compares it with the one by which the run before has worked. @throws REQUEST_INVALID */
    requireLike({ plan: before, planSha256, components: theirs }: Resumed, taken: Set<string>): void {
      const [own, other] = [namesInPlan(chosen), namesInPlan(theirs)];
      const names = new Set([...taken].map(nameInPlan));
      const error = contradiction({ plan: before, components: other }, plan, own, names);
      if (error === undefined) return;
      // It has not worked by this one; whoever resumes it compares with the one before again.
      record.plan.sha256 = planSha256;
      throw error;
    },
    /**
     * Reads the plan again and compares it; what comes back takes it into use, in the same moment in which it is called.
     * @throws REQUEST_INVALID
     */
    reload: async (): Promise<() => Reload> => {
      const found = await reloadPlan
        .executeWithOptions({ taskQueue: host, summary: "Read the plan again" }, [{ run: ref }])
        .catch((error: unknown) => {
          if (isCancellation(error)) throw error;
          const { message, hint } = describeFailure(error);
          throw fail("REQUEST_INVALID", `the plan cannot be read again: ${message}`, hint);
        });
      return () => {
        const reload = compare(found.plan, found.sha256);
        adopt(found.plan, found.sha256);
        return reload;
      };
    },
  };
}
