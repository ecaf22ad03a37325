import type { Refusal } from "../report/record.ts";
import { admission } from "./admission.ts";
import { allowList } from "./allow-list.ts";
import { approvals } from "./approvals.ts";
import { archiving } from "./archiving.ts";
import { backupTarget } from "./backup-target.ts";
import { blastRadius } from "./blast-radius.ts";
import { data } from "./data.ts";
import { denied } from "./denied.ts";
import { drain } from "./drain.ts";
import type { Facts } from "./facts.ts";
import { emptyState } from "./empty-state.ts";
import { failingChecks } from "./failing-checks.ts";
import { freeze } from "./freeze.ts";
import { gitops } from "./gitops.ts";
import { identity } from "./identity.ts";
import { images } from "./images.ts";
import { inUse } from "./in-use.ts";
import { lock } from "./lock.ts";
import { nothingLost } from "./nothing-lost.ts";
import { orphans } from "./orphans.ts";
import { production } from "./production.ts";
import { reclaimPolicy } from "./reclaim-policy.ts";
import { protectedResources } from "./protected-resources.ts";
import { replica } from "./replica.ts";
import { space } from "./space.ts";
import { stateIdentity } from "./state-identity.ts";
import { tablespaces } from "./tablespaces.ts";
import { targetMissing } from "./target-missing.ts";
import { unready } from "./unready.ts";
import { unexpectedDestroys } from "./unexpected-destroys.ts";
import { verifiedBackup } from "./verified-backup.ts";
import { volatileData } from "./volatile-data.ts";
import { volumes } from "./volumes.ts";

/** Every guard, by the name of its file and of its heading in docs/safety.md. */
export const guards: Record<string, (facts: Facts) => Refusal[]> = {
  "allow-list": allowList,
  denied,
  production,
  approvals,
  freeze,
  "verified-backup": verifiedBackup,
  identity,
  "target-missing": targetMissing,
  replica,
  tablespaces,
  gitops,
  orphans,
  images,
  admission,
  volumes,
  data,
  "nothing-lost": nothingLost,
  unready,
  "volatile-data": volatileData,
  drain,
  "backup-target": backupTarget,
  "reclaim-policy": reclaimPolicy,
  "in-use": inUse,
  "state-identity": stateIdentity,
  "empty-state": emptyState,
  "unexpected-destroys": unexpectedDestroys,
  "protected-resources": protectedResources,
  "failing-checks": failingChecks,
  "blast-radius": blastRadius,
  archiving,
  space,
  lock,
};

/** Asks all guards and returns every refusal; none means that the run may go on. */
export function checkGuards(facts: Facts): Refusal[] {
  return Object.values(guards).flatMap((guard) => guard(facts));
}
