import { defineConfig } from "vitest/config";
import { labFiles } from "./test/support/lab-files.ts";
import { ownClusterOnly } from "./test/support/own-cluster.ts";

const leftOut = process.env["FIREDRILL_E2E_KUBECONFIG"] === undefined ? [] : Object.keys(ownClusterOnly);

/** Where other work shares the machine a test may miss its seconds; the second try is shown as one. */
const retry = process.env["CI"] === undefined ? 0 : 1;

/** unit: no server; workflow: a real Temporal server, activities faked; e2e, crash, sabotage: everything real; lab, endurance, sabotage-cluster: Kubernetes. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          sequence: { groupOrder: 1 },
          include: [
            "test/{plan,guard,report,diagnosis,activities,cli,metrics,temporal,fuzz}/**/*.test.ts",
            "test/*.test.ts",
          ],
        },
      },
      {
        test: {
          name: "workflow",
          sequence: { groupOrder: 2 },
          include: ["test/{workflows,schedule}/**/*.test.ts"],
          globalSetup: ["test/support/temporal-setup.ts"],
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          sequence: { groupOrder: 3 },
          include: ["test/{e2e,lab}/**/*.test.ts"],
          globalSetup: ["test/support/temporal-setup.ts", "test/support/lab-setup.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          retry,
        },
      },
      {
        test: {
          name: "lab",
          sequence: { groupOrder: 6 },
          include: labFiles(),
          exclude: leftOut,
          globalSetup: ["test/support/temporal-setup.ts", "test/support/cluster-setup.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          retry,
        },
      },
      {
        test: {
          name: "endurance",
          sequence: { groupOrder: 7 },
          include: ["test/endurance/**/*.test.ts"],
          exclude: leftOut,
          globalSetup: [
            "test/support/temporal-setup.ts",
            "test/support/cluster-setup.ts",
            "test/support/matrix-setup.ts",
          ],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 240_000,
          retry,
        },
      },
      {
        test: {
          name: "sabotage-cluster",
          sequence: { groupOrder: 8 },
          include: ["test/sabotage-cluster/**/*.test.ts"],
          exclude: leftOut,
          globalSetup: [
            "test/support/temporal-setup.ts",
            "test/support/cluster-setup.ts",
            "test/support/matrix-setup.ts",
          ],
          pool: "forks",
          testTimeout: 600_000,
          hookTimeout: 600_000,
          retry,
        },
      },
      ...(["crash", "sabotage"] as const).map((name, index) => ({
        test: {
          name,
          sequence: { groupOrder: 4 + index },
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: ["test/support/temporal-setup.ts", "test/support/lab-setup.ts", "test/support/matrix-setup.ts"],
          pool: "forks" as const,
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          retry,
        },
      })),
    ],
  },
});
