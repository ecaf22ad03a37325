import { fail } from "../../failures.ts";
import { argoRevision } from "../argocd/holds.ts";
import { refreshArgo } from "../argocd/refresh.ts";
import { appliedRevision } from "../flux/holds.ts";
import { refreshFlux } from "../flux/refresh.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { StepContext } from "../step.ts";
import type { Inspection, Proof } from "../verbs.ts";
import { gitopsOf } from "./gitops.ts";
import { silentCheck } from "../outside/checks.ts";
import { askForImages, imageProblem } from "../registry/images.ts";
import { requireSame } from "./same.ts";
import { holdersAmong, type Inventory, recallInventory } from "./memory.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { listGitops, surveySettled } from "./survey.ts";
import type { NamespaceInput } from "./verbs.ts";

type Input = Omit<NamespaceInput, "run"> & { inspection: Inspection };

/**
 * Asks everybody once more who will be needed: GitOps fetches from Git now and compares, and the registries are asked again.
 * What counts as the backup is the revision that GitOps has applied last.
 * @throws BACKUP_NOT_VERIFIED when something of it would not come back
 */
export async function proveNamespace({ component, access }: Input, context: StepContext): Promise<Proof> {
  const { namespace } = component;
  return await withCluster(access, context, async (session) => {
    // An audit changes nothing, and has nothing to compare with: it goes by what GitOps has found out last.
    const known = context.run.type === "exercise" ? await recallInventory(context, component.name) : undefined;
    if (known !== undefined) {
      requireSame(session, undefined, known);
      await fetchNow(session, known, context);
    }
    const survey = await surveySettled(session, namespace, context);
    const gitops = gitopsOf(namespace, survey);
    if (known !== undefined) requireSame(session, survey.namespace, known);
    context.progress("asking the registries for the images");
    const images = await askForImages(survey.objects, context.signal);
    const silent = await silentCheck(component, context);
    const problem = gitops.problems[0] ?? imageProblem(images.gone[0]) ?? silent;
    if (problem !== undefined) throw fail("BACKUP_NOT_VERIFIED", problem.problem, problem.hint);
    const revisions = [
      ...gitops.flux.map(({ name, object }) => `${name} at ${appliedRevision(object)}`),
      ...gitops.argo.map(({ name, object }) => `${name} at ${argoRevision(object).slice(0, 12)}`),
    ];
    const verifiedAt = new Date().toISOString();
    const id = revisions.join(", ").slice(0, 500);
    const backup = { id, completedAt: verifiedAt, bytes: 0, location: "Git", sha256: null };
    return {
      backupId: id,
      verifiedAt,
      note: [id, ...images.unknown.slice(0, 3).map((one) => `not known: ${one}`)].join("; "),
      ...(context.run.type === "audit" && { newest: { backup, takenAt: verifiedAt, whole: true } }),
    };
  });
}

async function fetchNow(session: Session, known: Inventory, context: StepContext): Promise<void> {
  context.progress("letting GitOps fetch from Git");
  const holders = holdersAmong(await listGitops(session), known);
  const isArgo = ({ kind }: KubernetesObject) => kind === "Application";
  await refreshFlux(
    session,
    holders.filter((one) => !isArgo(one)),
    context,
  );
  await refreshArgo(session, holders.filter(isArgo), context);
}
