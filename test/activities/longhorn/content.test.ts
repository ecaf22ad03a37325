import { execa } from "execa";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  listScript,
  plantArguments,
  plantScript,
  readTree,
  sentinelSha256,
  sentinelText,
} from "../../../src/activities/longhorn/content.ts";

/** The scripts run by the shells that a container may have; what they print is read by the product's own code. */

let directory: string;
beforeAll(async () => void (directory = await mkdtemp("/tmp/fd-")));
afterAll(async () => await rm(directory, { recursive: true }));

const busybox = "/bin/busybox";
/** busybox, which is in many containers, brings its own sh, find, stat and sha256sum. */
const shells: [name: string, argv: string[]][] = [
  ["this machine's sh", ["sh", "-c"]],
  ...(existsSync(busybox) ? [["busybox", ["busybox", "sh", "-c"]] as [string, string[]]] : []),
];
const run = async (argv: string[], script: string, ...args: string[]) => {
  // Its applets only, where it is busybox.
  const env = argv[0] === "busybox" ? { PATH: join(directory, "bin") } : {};
  const [file = "", ...rest] = argv;
  const { stdout } = await execa(file === "busybox" ? busybox : file, [...rest, script, "sh", ...args], { env });
  return stdout;
};

beforeAll(async () => {
  await mkdir(join(directory, "bin"));
  if (existsSync(busybox)) await execa(busybox, ["--install", "-s", join(directory, "bin")]);
});

const sizes = [1, 1024, 1024 * 1024, 1024 * 1024 + 1, 5_000_000];

test.each(shells.flatMap(([name, argv]) => sizes.map((size) => [name, size, argv] as const)))(
  "%s makes the sentinel of %i bytes that this side has reckoned beforehand",
  async (name, size, argv) => {
    const at = join(directory, `${name}-${size}`);
    const printed = await run(argv, plantScript, at, ".sentinel", ...plantArguments("a-nonce", size));
    const content = await readFile(join(at, ".sentinel"));
    expect(content.length).toBe(size);
    expect(printed.split(" ")[0]).toBe(sentinelSha256("a-nonce", size));
    expect(createHash("sha256").update(content).digest("hex")).toBe(sentinelSha256("a-nonce", size));
    // Again, it changes nothing.
    expect(await run(argv, plantScript, at, ".sentinel", ...plantArguments("a-nonce", size))).toBe(printed);
  },
);

test("no two MiB of a sentinel are alike, and no two seeds make the same", () => {
  const pieces = [...sentinelText("a", 5 * 1024 * 1024)];
  expect(new Set(pieces).size).toBe(5);
  expect(sentinelSha256("a", 100)).not.toBe(sentinelSha256("b", 100));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 * 1024 * 1024 }), (size) => {
      expect([...sentinelText("x", size)].join("").length).toBe(size);
    }),
    { numRuns: 30 },
  );
});

test.each(shells)("%s lists every thing with its checksum, also under odd names", async (name, argv) => {
  const at = join(directory, `tree-${name}`);
  await mkdir(join(at, "deep/lost+found"), { recursive: true });
  await mkdir(join(at, "lost+found"));
  const names = ["plain", "with  spaces", "-dash", "ümläut", 'quote"s', "back\\slash", "#end", "a -> b"];
  for (const file of names) await writeFile(join(at, "deep", file), `content of ${file}`);
  await writeFile(join(at, "lost+found/inode"), "not of anybody");
  await symlink("plain", join(at, "deep/link"));
  await chmod(join(at, "deep/plain"), 0o600);
  const tree = readTree(`${await run(argv, listScript, at)}\n`);
  expect(Object.keys(tree).toSorted()).toEqual(
    [".", "./deep", "./deep/lost+found", "./deep/link", ...names.map((file) => `./deep/${file}`)].toSorted(),
  );
  for (const file of names)
    expect(tree[`./deep/${file}`]!.content, file).toBe(createHash("sha256").update(`content of ${file}`).digest("hex"));
  expect(tree["./deep/link"]!.content).toBe("plain");
  expect(tree["./deep"]!.content).toBeNull();
  expect(tree["./deep/plain"]!.about).toMatch(/^8180 \d+ \d+ 16$/);
  expect(Math.abs(tree["./deep/plain"]!.changedAt - Date.now() / 1_000)).toBeLessThan(60);
});

test("a list that is cut, or has a name with a line break, is none", () => {
  expect(() => readTree("#things\n#links\n")).toThrow("cut short");
  expect(() => readTree("#things\n8180 0 0 1 1 ./a\nb\n#links\n#end\n")).toThrow('holds "b"');
});
