import type { ComponentFacts, Facts } from "../../src/guard/facts.ts";

/** A component that no guard objects to, with some facts changed. */
export function component(changed: Partial<ComponentFacts> = {}): ComponentFacts {
  return {
    name: "shop",
    kind: "pgdump",
    target: "database shop on 127.0.0.1:5432",
    exists: true,
    identity: "7412345678901234567",
    listed: true,
    listLine: '- { systemIdentifier: "7412345678901234567", database: shop }',
    denied: null,
    inRecovery: false,
    replicas: 0,
    tablespacesOutside: [],
    insideTarget: [],
    archiving: null,
    space: { path: "/srv/dumps", freeBytes: 2e9, neededBytes: 1e9 },
    ...changed,
  };
}

/** An exercise that is about to destroy its component, with all that it needs. */
export function facts(changed: Partial<Facts> = {}, ofComponent: Partial<ComponentFacts> = {}): Facts {
  return {
    type: "exercise",
    scenario: "database",
    environment: "dev",
    stage: "destroy",
    components: [component(ofComponent)],
    verified: [{ component: "shop", backupId: "20261121-1", verifiedAt: "2026-11-21T03:00:00Z" }],
    unlocked: [],
    approvals: null,
    freeze: [],
    now: "2026-11-21T03:00:00Z",
    ...changed,
  };
}
