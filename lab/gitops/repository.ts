import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import type { Layout } from "../cluster/layout.ts";
import { type Sandbox, startWithin } from "../cluster/sandbox.ts";

const port = 8080;

/** Where controllers and people find a repository of the cluster. */
export function repositoryUrl({ nodeAddress }: Pick<Layout, "nodeAddress">, name: string): string {
  return `http://${nodeAddress}:${port}/${name}.git`;
}

export async function startGitServer(sandbox: Sandbox): Promise<void> {
  const directory = repositories(sandbox.layout);
  await mkdir(directory, { recursive: true });
  const server = join(import.meta.dirname, "git-server.ts");
  const argv = [process.execPath, server, directory, sandbox.layout.nodeAddress, String(port)];
  await startWithin(sandbox, "git-server", argv);
}

/** Makes the repository's branch `main` hold these files and no other. @param files by path */
export async function commit(
  layout: Pick<Layout, "directory">,
  name: string,
  files: Record<string, string>,
  message: string,
): Promise<void> {
  const bare = join(repositories(layout), `${name}.git`);
  const identity = { GIT_AUTHOR_NAME: "lab", GIT_AUTHOR_EMAIL: "lab@example.org" };
  const env = { ...identity, GIT_COMMITTER_NAME: "lab", GIT_COMMITTER_EMAIL: "lab@example.org" };
  const work = await mkdtemp(join(tmpdir(), "firedrill-git-"));
  try {
    await execa("git", ["init", "--quiet", "--bare", "--initial-branch=main", bare]);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(work, path)), { recursive: true });
      await writeFile(join(work, path), text);
    }
    const git = async (...args: string[]) =>
      await execa("git", [`--git-dir=${bare}`, `--work-tree=${work}`, ...args], { env });
    await git("symbolic-ref", "HEAD", "refs/heads/main");
    await git("add", "--all", ".");
    await git("commit", "--quiet", "--allow-empty", "--message", message);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function repositories({ directory }: Pick<Layout, "directory">): string {
  return join(directory, "git");
}
