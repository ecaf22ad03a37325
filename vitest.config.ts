import { defineConfig } from "vitest/config";

/** unit: no server; workflow: a real Temporal server, activities faked; e2e, crash, sabotage: everything real; lab: Kubernetes. */
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
        },
      },
      {
        test: {
          name: "lab",
          sequence: { groupOrder: 6 },
          include: ["test/cluster/**/*.test.ts"],
          globalSetup: ["test/support/temporal-setup.ts", "test/support/cluster-setup.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
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
          // Where other work shares the machine a row may miss its seconds; the second try is shown as one.
          retry: process.env["CI"] === undefined ? 0 : 1,
        },
      })),
    ],
  },
});
