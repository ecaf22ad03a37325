import { expect, test } from "vitest";
import { refusalOf } from "../../src/diagnosis/admission-messages.ts";

/** Of a StatefulSet the API server may refuse the claim and not the pod: who is told to change pods looks in vain. */

const refused = (why: string) =>
  `create Claim data-db-0 for Pod db-0 in StatefulSet db failed error: persistentvolumeclaims "data-db-0" is forbidden: ${why}`;

test.each([
  [
    "exceeded quota: disk, requested: requests.storage=5Gi, used: requests.storage=0, limited: requests.storage=1Gi",
    "ResourceQuota disk leaves no room for claim data-db-0 of StatefulSet/db: requested: requests.storage=5Gi",
    "make the namespace's claims ask for less",
  ],
  [
    "maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 5Gi",
    "a LimitRange refuses claim data-db-0 of StatefulSet/db: maximum storage usage per PersistentVolumeClaim is 1Gi",
    "Change the size of the claim",
  ],
  ["something else", "claim data-db-0 of StatefulSet/db cannot be created", "Correct what the message names"],
])("a claim is refused: %s", (why, cause, hint) => {
  const told = refusalOf(refused(why), "StatefulSet/db");
  expect(told.cause).toContain(cause);
  expect(told.hint).toContain(hint);
});
