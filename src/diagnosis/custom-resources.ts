import { type Condition, conditionsOf, type KubernetesObject, nameOf } from "../activities/kubernetes/object.ts";
import type { Clues, Finding, Snapshot } from "./cause.ts";
import { at, quote, secondsSince } from "./look.ts";

/** Custom resources whose controller says that they do not work: secrets that are not synchronised, and any other. */

export function customResources(snapshot: Snapshot): Clues {
  const custom = snapshot.objects.filter((object) => isCustom(object) && !hasFamily(object));
  return {
    findings: custom.flatMap((object) => findingOf(snapshot, object)),
    needs: custom.flatMap((object) =>
      secretsMadeBy(object).map((name) => ({ who: `Secret/${name}`, what: nameOf(object) })),
    ),
  };
}

const isCustom = (object: KubernetesObject) => nameOf(object).split("/")[0]!.includes(".");

/** Those are looked at elsewhere, with more knowledge. */
const hasFamily = ({ apiVersion, kind }: KubernetesObject) =>
  /^(?:kustomize|helm|source)\.toolkit\.fluxcd\.io\//.test(apiVersion) ||
  /^(?:acme\.)?cert-manager\.io\//.test(apiVersion) ||
  (apiVersion.startsWith("argoproj.io/") && kind === "Application");

/** Of conditions that are to be True. "Stalled" and its like are to be False, and of others nobody knows. */
const good =
  /^(?:[\w.-]+\/)?(?:Is)?(?:Ready|Available|Synced|Healthy|Reconciled|Succeeded|Loaded\w*|ReadyToSync\w*|SecretSynced|LastReconcileStatus|Accepted|Programmed|Deployed)$/;
const onTheWay = /^(?:Progressing|Pending|Creating|Initializing|Provisioning|Reconciling|Waiting\w*|Unknown)$/;

/** What its controller complains about; the sum of all conditions comes last, because the others say more. */
function complaintsOf(object: KubernetesObject): Condition[] {
  const stalled = conditionsOf(object).filter(({ type, status }) => type === "Stalled" && status === "True");
  const bad = conditionsOf(object).filter(
    ({ type, status, reason }) => good.test(type) && status === "False" && !onTheWay.test(reason ?? ""),
  );
  return [...stalled, ...bad.toSorted((a, b) => Number(a.type === "Ready") - Number(b.type === "Ready"))];
}

const secretMakers =
  /^(?:InfisicalSecret|InfisicalStaticSecret|InfisicalDynamicSecret|ExternalSecret|SealedSecret|VaultStaticSecret|VaultDynamicSecret|OnePasswordItem)\./;

function findingOf(snapshot: Snapshot, object: KubernetesObject): Finding[] {
  const [complaint] = complaintsOf(object);
  if (complaint === undefined || secondsSince(snapshot, complaint.lastTransitionTime) < 10) return [];
  const { name } = object.metadata;
  const said = quote(complaint.message || complaint.reason || `its condition ${complaint.type} is ${complaint.status}`);
  const secrets = secretsMadeBy(object);
  const ofSecret = secretMakers.test(nameOf(object));
  return [
    {
      at: nameOf(object),
      object: nameOf(object),
      type: "NOT_SYNCED",
      cause: ofSecret
        ? `${object.kind} ${name} does not bring its secret ${secrets.join(", ")}: ${said}`
        : `${object.kind} ${name} is not in order (${complaint.type}): ${said}`,
      hint: ofSecret
        ? "Look whether the secret store answers, and whether the operator's credentials for it are back."
        : `Look at the log of the controller of ${object.kind}.`,
    },
  ];
}

/** Secrets that a custom resource makes, by the fields in which the usual operators are told their names. */
function secretsMadeBy(object: KubernetesObject): string[] {
  const kind = nameOf(object).split("/")[0]!;
  if (!secretMakers.test(kind)) return [];
  const names = [
    at<string>(object, "spec.managedSecretReference.secretName"),
    ...(at<{ secretName: string }[]>(object, "spec.managedKubeSecretReferences") ?? []).map(
      ({ secretName }) => secretName,
    ),
    at<string>(object, "spec.target.name"),
    at<string>(object, "spec.destination.name"),
  ].filter((name) => name !== undefined);
  return names.length > 0 ? [...new Set(names)] : [object.metadata.name];
}
