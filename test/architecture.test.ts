import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { Component } from "../src/plan/schema.ts";
import { needLonghorn, ownClusterOnly } from "./support/own-cluster.ts";

/** Facts of the whole house that a change of one room can break. Each message says which file, and what it should be. */

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const files = (...patterns: string[]) => globSync(patterns, { cwd: root }).toSorted();
const filesWith = (text: RegExp, ...patterns: string[]) => files(...patterns).filter((file) => text.test(read(file)));

test("workflow code bundles, of pure files and small packages only", { timeout: 60_000 }, async () => {
  // The bundler itself refuses what only Node has.
  const workflowsPath = join(root, "src", "workflows", "index.ts");
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger("ERROR") });
  const modules = [...code.matchAll(/^\/\*{3}\/ "(.+)"$/gm)].map(([, path]) => path!);
  const packages = modules.flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1] ?? [],
  );
  const sdk = ["@temporalio/common", "@temporalio/workflow", "long", "ms", "nexus-rpc"];
  expect([...new Set(packages)].toSorted()).toEqual(
    [...sdk, "fastest-levenshtein", "microdiff", "pretty-bytes"].toSorted(),
  );
  const own = modules.flatMap((path) => /^\.\/(src\/.+)$/.exec(path)?.[1] ?? []);
  const pure =
    /^src\/(workflows\/|guard\/|failures\.ts|lock-names\.ts|plan\/(namespace-data|many-volumes|outline|outline-cluster|outline-namespace|steps|moment|recovery|recovery-kinds|reload)\.ts|report\/(record|audit|verdict|begin|clock|elapsed|loss|rto|rpo|digest|approvals|diagnosis|summary|skipped|safe-text)\.ts)/;
  expect(own.length).toBeGreaterThan(20);
  expect(own.filter((path) => !pure.test(path))).toEqual([]);
});

/** Who reads the environment, and why it may. Everything else gets what it needs as an argument. */
const readersOfEnvironment: Record<string, string> = {
  "src/config.ts": "FIREDRILL_CONFIG: where the configuration is",
  "src/cli/init/places.ts": "libpq's variables: where a person's databases are",
  "src/secrets.ts": "a plan may name a variable as a secret",
  "src/temporal/settings.ts": "Temporal's own variables, to name the profile file in messages",
  "src/temporal/find-server.ts": "PATH and XDG_CACHE_HOME: where the temporal CLI lies",
  "src/redaction.ts": "what looks like a secret there is redacted",
  "src/worker.ts": "NODE_COMPILE_CACHE: Node programs that steps start inherit it",
  "src/activities/kubernetes/access.ts":
    "KUBERNETES_SERVICE_HOST and _PORT: the API server of the pod in which the worker runs",
  "src/activities/program-environment.ts": "programs get the worker's environment without its secrets",
  "src/activities/postgres/programs.ts": "PATH: where PostgreSQL's programs lie",
  "lab/as-user.ts": "a server's user must not get the variables of libpq",
  "lab/gitops/git-server.ts": "PATH: where git lies",
  "lab/main.ts": "PATH and SHELL of the shell that it opens",
  "lab/programs.ts": "PATH: where programs lie",
  "lab/terminal.ts": "CI: nobody can be asked there",
  "demo/show.ts": "a person's settings of PostgreSQL and Temporal must not reach the demo",
};

test("only files that say why read process.env", () => {
  const found = filesWith(/\bprocess\.env\b|[{,]\s*env\b[^}]*\} from "node:process"/, "{src,lab,demo}/**/*.ts");
  expect(found).toEqual(Object.keys(readersOfEnvironment).toSorted());
});

/** Files over the limit. The list may only shrink: a file that became short enough leaves it. */
const tooLong = ["src/workflows/run.ts"];

test("no file is longer than 200 lines, but for a list that may only shrink; none is longer than 300", () => {
  const lines = (file: string) => read(file).trimEnd().split("\n").length;
  const all = files("{src,lab,demo}/**/*.ts");
  expect(all.filter((file) => lines(file) > 200)).toEqual(tooLong);
  expect(all.filter((file) => lines(file) > 300)).toEqual([]);
});

test("every test of a cluster runs on one that is not the lab's, or stands in the list of those that cannot", () => {
  const foreign = /from "\.\.\/support\/(test-cluster|longhorn-anywhere)\.ts"/;
  const all = files("test/{cluster,endurance,sabotage-cluster}/**/*.test.ts");
  expect(all.filter((file) => !(file in ownClusterOnly) && !foreign.test(read(file)))).toEqual([]);
  expect(Object.keys(ownClusterOnly).filter((file) => !all.includes(file))).toEqual([]);
  expect(filesWith(/support\/longhorn-anywhere\.ts/, "test/cluster/*.test.ts")).toEqual(needLonghorn);
});

const verbs = [
  "inspect",
  "confirm",
  "plant",
  "backup",
  "prove",
  "destroy",
  "control",
  "restore",
  "verify",
  "place",
  "retain",
];

/** Nobody backs a namespace up, or restores it: GitOps rebuilds it. */
const verbsOfNamespace = ["inspect", "recall", "confirm", "prove", "destroy", "control", "reach", "rebuild", "verify"];
/** Nor a workload, whose data stays where it is: a sentinel in it has to come back with the pods. */
const verbsOfWorkload = ["inspect", "confirm", "prove", "destroy", "control", "rebuild", "verify", "plant"];
/** A whole cluster is destroyed and made by its layers. */
const verbsOfCluster = ["inspect", "recall", "confirm", "prove", "control", "rebuild", "settle", "verify"];
const own: Record<string, string[]> = {
  namespace: verbsOfNamespace,
  workload: verbsOfWorkload,
  cluster: verbsOfCluster,
};

// The first one loads the clients of all systems.
test.each(Component.options.map(({ shape }) => shape.kind.value))(
  "kind %s exports its verbs",
  { timeout: 60_000 },
  async (kind) => {
    const names = Object.keys((await import(`../src/activities/${kind}/index.ts`)) as object);
    const suffix = names.find((name) => name.startsWith("inspect"))?.slice("inspect".length) ?? "";
    expect(suffix.toLowerCase()).toBe(kind);
    expect(suffix).not.toBe(kind);
    expect(names.toSorted()).toEqual((own[kind] ?? verbs).map((verb) => verb + suffix).toSorted());
  },
);

test("in src/cli only console.ts prints; what else knows the streams only looks at them, or asks a question", () => {
  expect(filesWith(/\bconsole\.\w+\(|process\.std(out|err)\.write/, "src/cli/**/*.ts")).toEqual(["src/cli/console.ts"]);
  expect(filesWith(/process\.std(out|err)/, "src/cli/**/*.ts")).toEqual([
    "src/cli/begin.ts", // which of the two the view is drawn on
    "src/cli/commands/doctor.ts", // its width
    "src/cli/commands/status.ts", // its width
    "src/cli/confirm.ts", // asks for names before something is destroyed
    "src/cli/console.ts",
    "src/cli/init/ask.ts", // asks what a new plan is to protect
    "src/cli/live.ts", // the stream that console.ts draws on
  ]);
});

const pages = files("*.md", "docs/**/*.md");
const links = (page: string) => [...read(page).matchAll(/\]\((?!\w+:)([^)\s]*)\)/g)].map(([, link]) => link!);

/** The name of a heading in an address, as GitHub makes it. */
function anchors(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}

test("every relative link of a page leads to a file, and to a heading where it names one", () => {
  const broken = pages.flatMap((page) =>
    links(page)
      .filter((link) => {
        const [path, anchor] = link.split("#") as [string, string?];
        const target = path === "" ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchors(target).includes(anchor);
      })
      .map((link) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("docs/architecture.md links every decision, and they are numbered without a gap", () => {
  const decisions = files("docs/adr/*.md").map((file) => file.slice("docs/".length));
  expect(decisions.length).toBeGreaterThan(0);
  const linked = links("docs/architecture.md").filter((link) => link.startsWith("adr/"));
  expect([...new Set(linked)].toSorted()).toEqual(decisions);
  decisions.forEach((file, index) => {
    const number = String(index + 1).padStart(4, "0");
    expect(file).toMatch(new RegExp(`^adr/${number}-[a-z0-9-]+\\.md$`));
    expect(read(join("docs", file))).toMatch(new RegExp(`^# ${number} `));
  });
});
