import { expect, test } from "vitest";
import { isHeld, skipReconcile } from "../../../src/activities/kubernetes/gitops-hold.ts";

const application = (said: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "apps", annotations: { [skipReconcile]: said } },
});

test.each([
  ["true", true],
  ["True", true],
  ["1", true],
  ["yes", false],
  ["false", false],
  ["", false],
])("an annotation that says %j, as Argo CD reads it", (said, held) => {
  expect(isHeld(application(said))).toBe(held);
});
