import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ComponentFacts, Facts } from "../../src/guard/facts.ts";
import { checkGuards, guards } from "../../src/guard/index.ts";
import { lock } from "../../src/guard/lock.ts";
import { component, facts } from "./facts.ts";

const safety = readFileSync("docs/safety.md", "utf8");

/** A namespace that would come back. */
const nothing = { orphans: { names: [], more: 0 }, gitops: [], images: [], volumes: [] };
/** A workload that would come back. */
const whole = { trouble: null, volatile: [], drain: [] };

/** A volume that nothing speaks against. */
const sound = { backupTarget: [], reclaimPolicy: null, otherUsers: [] };
/** A layer of infrastructure that may be destroyed. */
const none = { names: [], more: 0 };
const layer = { resources: 3, strangers: [], unexpected: none, protected: none };

/** What makes each guard refuse, and the words that its message must have. */
const bad: Record<string, { run?: Partial<Facts>; of?: Partial<ComponentFacts>; says: string; hints: string }> = {
  "allow-list": {
    of: { listed: false },
    says: "does not list database shop on 127.0.0.1:5432",
    hints: component().listLine,
  },
  denied: { of: { denied: "it is a template database" }, says: "it is a template database", hints: "--scenario none" },
  production: { run: { environment: "production" }, says: "belongs to production", hints: "--scenario none" },
  approvals: {
    run: { approvals: { needed: 2, by: ["bert"] } },
    says: "needs 2 approvals by others than who started this run; given by bert",
    hints: "firedrill approve",
  },
  freeze: {
    run: { freeze: [{ from: "2026-11-21T02:00:00Z", until: "2026-11-21T04:00:00Z", reason: "sales" }] },
    says: "is frozen (sales) from 2026-11-21T02:00:00Z until 2026-11-21T04:00:00Z",
    hints: "take the window out of `freeze:`",
  },
  "verified-backup": { run: { verified: [] }, says: "no backup of database shop", hints: "new run" },
  identity: { of: { identity: "" }, says: "does not say who it is", hints: "pg_control_system()" },
  "target-missing": { of: { exists: false }, says: "does not exist", hints: "firedrill restore" },
  replica: { of: { inRecovery: true, replicas: 2 }, says: "is a replica", hints: "primary" },
  tablespaces: { of: { tablespacesOutside: ["/mnt/fast"] }, says: "/mnt/fast", hints: "pg_default" },
  gitops: {
    of: {
      recovery: { ...nothing, gitops: [{ problem: "Kustomization a/b is suspended", hint: "Resume it: flux resume" }] },
    },
    says: "would not come back: Kustomization a/b is suspended",
    hints: "flux resume",
  },
  orphans: {
    of: { recovery: { ...nothing, orphans: { names: ["Secret/by-hand", "ConfigMap/x"], more: 3 } } },
    says: "again: Secret/by-hand, ConfigMap/x and 3 more",
    hints: "`accepts`",
  },
  images: {
    of: {
      recovery: {
        ...nothing,
        images: [{ image: "a/b:1", usedBy: "StatefulSet/db", why: "no such tag", hint: "Change it" }],
      },
    },
    says: "image a/b:1 cannot be pulled (no such tag), so that StatefulSet/db would not start again",
    hints: "Change it",
  },
  admission: {
    of: { recovery: { ...nothing, admission: [{ problem: "ResourceQuota/q is full", hint: "Make it larger" }] } },
    says: "would not be let in again: ResourceQuota/q is full",
    hints: "larger",
  },
  volumes: {
    of: {
      recovery: {
        ...nothing,
        volumes: [{ claim: "PersistentVolumeClaim/data", why: "the reclaim policy of pv-1 is Delete" }],
      },
    },
    says: "the data of PersistentVolumeClaim/data would be deleted: the reclaim policy of pv-1 is Delete",
    hints: "Retain",
  },
  data: {
    of: { misplaced: [{ problem: "Deployment/mail works with database shop", hint: "Name it in `users`" }] },
    says: "Deployment/mail works with database shop",
    hints: "`users`",
  },
  "nothing-lost": {
    run: { type: "restore" },
    of: { kind: "namespace", lost: false },
    says: "is whole: all of it is there and ready",
    hints: "--scenario namespace",
  },
  unready: {
    of: { workload: { ...whole, trouble: "1 of 2 pods ready" } },
    says: "is not whole before anything is taken away: 1 of 2 pods ready",
    hints: "become ready",
  },
  "volatile-data": {
    of: { workload: { ...whole, volatile: ["/cache is volume cache of sort emptyDir, which is no PersistentVolume"] } },
    says: "would not outlive its pods: /cache is volume cache of sort emptyDir",
    hints: "PersistentVolumeClaim",
  },
  drain: {
    of: { workload: { ...whole, drain: [{ problem: "it is the only one", hint: "Drill the pods alone." }] } },
    says: "cannot be drained: it is the only one",
    hints: "pods alone",
  },
  "backup-target": {
    of: { storage: { ...sound, backupTarget: [{ problem: "backup target default has no address", hint: "Set it" }] } },
    says: "would be of no use: backup target default has no address",
    hints: "Set it",
  },
  "reclaim-policy": {
    of: { storage: { ...sound, reclaimPolicy: { volume: "pvc-1", policy: "Delete" } } },
    says: "goes with its claim: the reclaim policy of pvc-1 is Delete",
    hints: "kubectl patch pv pvc-1",
  },
  "in-use": {
    of: { storage: { ...sound, otherUsers: ["pod shop/a", "pod shop/b"] } },
    says: "is used by pod shop/a, pod shop/b",
    hints: "`workload`",
  },
  "state-identity": {
    of: { infrastructure: { ...layer, strangers: ["3f1d4a52", "77aa"] } },
    says: "with another state than lineage 3f1d4a52, 77aa",
    hints: component().listLine,
  },
  "empty-state": {
    of: { infrastructure: { ...layer, resources: 0 } },
    says: "there is nothing to destroy: database shop",
    hints: "directory, workspace and backend",
  },
  "unexpected-destroys": {
    of: { infrastructure: { ...layer, unexpected: { names: ["module.dns.zone"], more: 2 } } },
    says: "would destroy what the plan does not name: module.dns.zone and 2 more",
    hints: "`destroys:`",
  },
  "protected-resources": {
    of: { infrastructure: { ...layer, protected: { names: ["aws_s3_bucket.backups"], more: 0 } } },
    says: "has resources with prevent_destroy: aws_s3_bucket.backups",
    hints: "prevent_destroy",
  },
  "failing-checks": {
    of: { failing: [{ check: "HTTP https://shop.example.org", found: "status 503" }] },
    says: "a check fails already: HTTP https://shop.example.org: status 503",
    hints: "in the plan",
  },
  "blast-radius": { of: { insideTarget: ["/pg/dumps"] }, says: "/pg/dumps would be lost", hints: "out of the target" },
  archiving: { of: { archiving: false }, says: "does not archive its WAL", hints: "archive_mode" },
  space: {
    of: { space: { path: "/srv", freeBytes: 5e8, neededBytes: 1e9 } },
    says: "/srv has 500 MB free, but 1 GB are needed",
    hints: "Free space",
  },
  lock: {
    run: {
      unlocked: [
        {
          component: "shop",
          target: "database shop on 127.0.0.1:5432",
          holder: {
            workflowId: "drill-1",
            type: "backup",
            plan: "nightly",
            by: "bert",
            since: "2026-11-21T03:00:00Z",
            target: "database shop on 127.0.0.1:5432",
            over: false,
          },
        },
      ],
    },
    says: "is being worked on by run drill-1: backup of plan nightly, started by bert at 2026-11-21T03:00:00Z",
    hints: "temporal workflow cancel --workflow-id drill-1",
  },
};

const files = readdirSync("src/guard")
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((file) => !["facts", "index", "left-out"].includes(file));

test("every guard file is in the index, in the tests and in docs/safety.md", () => {
  expect(Object.keys(guards).sort()).toEqual(files.sort());
  expect(Object.keys(bad).sort()).toEqual(files);
  const headings = [...safety.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(Object.keys(guards));
});

test("a sound run is refused by none", () => {
  expect(checkGuards(facts())).toEqual([]);
});

test.each(Object.entries(bad))("%s refuses, names the fact and says what to do", (name, { run, of, says, hints }) => {
  const [first, ...more] = guards[name]!(facts(run, of));
  expect(first).toMatchObject({ guard: name, component: "shop" });
  expect(first!.message).toContain(says);
  expect(first!.message).toMatch(/^[^A-Z].*[^.]$/);
  expect(first!.hint).toContain(hints);
  expect(more.every(({ guard }) => guard === name)).toBe(true);
});

test("lock says when the run that holds it works elsewhere, has ended, or is this one's own", () => {
  const holder = { workflowId: "a b", type: "backup", plan: "p", by: "x", since: "y", target: "copy", over: false };
  const told = (more: object) =>
    lock(facts({ unlocked: [{ component: "shop", target: "shop", holder: { ...holder, ...more } }] }))[0]!;
  expect(told({}).message).toBe(
    "shop is being worked on by run a b: backup of plan p, started by x at y, which works on copy",
  );
  expect(told({}).hint).toContain(
    "cancel --workflow-id 'a b'; if its host is gone for good: temporal workflow terminate",
  );
  expect(told({ over: true }).message).toContain("shop is not free yet: run a b");
  const both = [
    component({ lock: "postgres/1" }),
    component({ name: "mail", lock: "postgres/1/mail", target: "mail" }),
  ];
  expect(lock(facts({ components: both }))).toMatchObject([
    {
      component: "mail",
      message: expect.stringMatching(/^mail is, or belongs to, what component shop works on/) as string,
    },
  ]);
  const apart = [component({ lock: "postgres/1/shop" }), component({ name: "mail", lock: "postgres/1/shop2" })];
  expect(lock(facts({ components: apart }))).toEqual([]);
});

test.each(Object.keys(bad))("%s does not refuse a sound run", (name) => {
  expect(guards[name]!(facts())).toEqual([]);
});

test.each(Object.entries(bad))("checkGuards passes on the refusal of %s, and of none but it", (name, { run, of }) => {
  expect([...new Set(checkGuards(facts(run, of)).map(({ guard }) => guard))]).toEqual([name]);
});

test("a run that too few may approve is refused before it begins", () => {
  const asked = facts({ stage: "preflight", approvals: { needed: 2, by: [], from: ["bert"] } });
  expect(guards["approvals"]!(asked)).toMatchObject([
    {
      message:
        "database shop on 127.0.0.1:5432 needs 2 approvals by others than who started this run, and only bert may give one",
    },
  ]);
  const enough = { needed: 1, by: [], from: ["bert"] };
  expect(guards["approvals"]!({ ...asked, approvals: enough })).toEqual([]);
  expect(guards["approvals"]!({ ...asked, scenario: "none" })).toEqual([]);
});

/** What of a volume's facts is not as in a sound one. */
const onlyBad = (storage: ComponentFacts["storage"]) =>
  Object.fromEntries(
    Object.entries(storage ?? {}).filter(
      ([key, value]) => value !== null && value !== sound[key as keyof typeof sound],
    ),
  );

test("all refusals are shown, of every guard and every component", () => {
  const everything = Object.values(bad).map(({ of }) => of ?? {});
  const recovery = Object.assign({}, ...everything.map((of) => of.recovery ?? {}));
  for (const { recovery: one } of everything)
    for (const [key, value] of Object.entries(one ?? {}))
      if (JSON.stringify(value) !== JSON.stringify(nothing[key as keyof typeof nothing])) recovery[key] = value;
  const workload = Object.assign({}, ...everything.map((of) => of.workload ?? {}));
  for (const { workload: one } of everything)
    for (const [key, value] of Object.entries(one ?? {}))
      if (JSON.stringify(value) !== JSON.stringify(whole[key as keyof typeof whole])) workload[key] = value;
  const storage = Object.assign({}, ...everything.map((of) => onlyBad(of.storage)));
  const infrastructure = {
    resources: 0,
    strangers: ["77aa"],
    unexpected: { names: ["a"], more: 0 },
    protected: { names: ["b"], more: 0 },
  };
  const worst: Partial<ComponentFacts> = Object.assign({}, ...everything, {
    exists: true,
    recovery,
    workload,
    storage,
    infrastructure,
  });
  const components = [component(worst), component({ ...worst, name: "mail" })];
  const unlocked = components.map(({ name, target }) => ({ component: name, target, holder: null }));
  const frozen = bad["freeze"]!.run!;
  const refusals = checkGuards(facts({ environment: "production", verified: [], components, unlocked, ...frozen }));
  const others = ["target-missing", "approvals", "nothing-lost"];
  const expected = Object.keys(guards).filter((name) => !others.includes(name));
  for (const name of ["shop", "mail"])
    expect([...new Set(refusals.filter((r) => r.component === name).map(({ guard }) => guard))]).toEqual(expected);
});

/** The runs of the table in docs/safety.md, in its order. */
const runs: Record<string, { run: Partial<Facts>; of?: Partial<ComponentFacts> }> = {
  "exercise with a loss": { run: { type: "exercise" } },
  "exercise `none`": { run: { type: "exercise", scenario: "none", stage: "preflight" } },
  backup: { run: { type: "backup", scenario: "none", stage: "preflight" } },
  "restore over something": { run: { type: "restore" } },
  "restore of what is gone": { run: { type: "restore", stage: "preflight" }, of: { exists: false, identity: "" } },
};

test("the table of docs/safety.md is what the guards do", () => {
  const rows = Object.entries(bad).map(([name, { run, of }]) => {
    const cells = Object.values(runs).map((kind) => {
      const asked = facts({ ...run, ...kind.run }, { ...of, ...kind.of });
      return guards[name]!(asked).length > 0 ? "refuses" : "";
    });
    return [name, ...cells];
  });
  const table = [...safety.matchAll(/^\|(.*)\|$/gm)].map(([, line]) => line!.split("|").map((cell) => cell.trim()));
  expect(table[0]).toEqual(["guard", ...Object.keys(runs)]);
  expect(table.slice(2)).toEqual(rows);
});
