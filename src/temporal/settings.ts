import { type ClientConnectConfig, loadClientConnectConfig } from "@temporalio/envconfig";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fail } from "../failures.ts";

/** Where the Temporal server is and how to speak to it. */
export interface TemporalSettings {
  /** host:port */
  address: string;
  namespace: string;
  /** TLS, API key and metadata; nothing for a plain local server. */
  options?: ClientConnectConfig["connectionOptions"];
}

/** True when the environment or the profile file says where Temporal is. @throws CONFIG_INVALID for a broken profile file */
export function temporalConfigured(): boolean {
  return Boolean(loadProfile().connectionOptions.address);
}

/**
 * Reads the environment (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_…) and the profile file
 * that the `temporal` CLI uses too. Without either: a plain server on this machine.
 * @throws CONFIG_INVALID
 */
export function temporalSettings(): TemporalSettings {
  const { connectionOptions, namespace } = loadProfile();
  const { apiKey } = connectionOptions;
  // It travels in a header; gRPC's own error would repeat it.
  if (typeof apiKey === "string" && !/^[\x21-\x7e]*$/.test(apiKey))
    throw fail(
      "CONFIG_INVALID",
      "the API key for Temporal holds a blank, a line break or another character that no key has",
      "Copy it anew, without what stands around it, to TEMPORAL_API_KEY or the profile file.",
    );
  const address = connectionOptions.address || "127.0.0.1:7233";
  requireAddress(address);
  return {
    address,
    namespace: namespace || "default",
    options: connectionOptions,
  };
}

/** Not repeated: somebody may have written credentials into it. @throws CONFIG_INVALID */
function requireAddress(address: string): void {
  const [, port = "7233"] = /^(?:\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/i.exec(address) ?? [undefined, "none"];
  if (Number(port) > 0 && Number(port) <= 65535) return;
  throw fail(
    "CONFIG_INVALID",
    "the address of the Temporal server is not host:port",
    "Write for example 127.0.0.1:7233, without http://, to TEMPORAL_ADDRESS or the profile file.",
  );
}

function loadProfile(): ClientConnectConfig {
  const path = profilePath();
  const text = readProfile(path);
  try {
    const profile = loadClientConnectConfig(
      text === undefined ? { disableFile: true } : { configSource: { data: text } },
    );
    for (const value of [profile.connectionOptions.address, profile.namespace, profile.connectionOptions.apiKey]) {
      if (value !== undefined && typeof value !== "string") throw new TypeError("a text was expected");
    }
    return profile;
  } catch (error) {
    throw profileFailure(error as NodeJS.ErrnoException, path);
  }
}

/** The file that the SDK and the CLI read, so that a message can name it. */
function profilePath(): string {
  const { TEMPORAL_CONFIG_FILE, XDG_CONFIG_HOME, APPDATA } = process.env;
  if (TEMPORAL_CONFIG_FILE) return TEMPORAL_CONFIG_FILE;
  const directories: Partial<Record<NodeJS.Platform, string | undefined>> = {
    win32: APPDATA,
    darwin: join(homedir(), "Library", "Application Support"),
  };
  const directory = directories[process.platform] ?? (XDG_CONFIG_HOME || join(homedir(), ".config"));
  return join(directory, "temporalio", "temporal.toml");
}

/** The text of the profile file; undefined without one, and for an empty one, which the SDK cannot read. */
function readProfile(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return text.replace(/^\s*#.*$/gm, "").trim() === "" ? missing(path) : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return missing(path);
    throw profileFailure(error as NodeJS.ErrnoException, path);
  }
}

/** Nobody needs a profile file, unless it was asked for: then a local server would be the wrong one. */
function missing(path: string): undefined {
  const { TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE } = process.env;
  const wanted = TEMPORAL_PROFILE || (TEMPORAL_CONFIG_FILE && TEMPORAL_CONFIG_FILE !== "/dev/null");
  if (!wanted) return undefined;
  const name = TEMPORAL_PROFILE
    ? `TEMPORAL_PROFILE asks for the profile ${TEMPORAL_PROFILE}`
    : "TEMPORAL_CONFIG_FILE names it";
  throw fail("CONFIG_INVALID", `${path} has no profile, but ${name}`, "Correct the file or the environment variable.");
}

function profileFailure(error: NodeJS.ErrnoException, path: string): unknown {
  if (error.code !== undefined) {
    const hint = `It is named by TEMPORAL_CONFIG_FILE, by TEMPORAL_TLS_… or by ${path}: correct the name or its rights.`;
    return fail(
      "CONFIG_INVALID",
      `cannot read ${error.path ?? path} for the connection to Temporal (${error.code})`,
      hint,
    );
  }
  // The TOML parser draws the place over several lines; its line and column are enough.
  const { line, column } = error as { line?: number; column?: number };
  const place = line === undefined ? path : `${path}:${line}:${column}`;
  const what = error instanceof TypeError ? "it does not have the form of a profile" : error.message.split("\n")[0];
  const hint =
    'It is the profile file of the `temporal` CLI: [profile.default] with address = "host:port" and namespace = "…".';
  return fail("CONFIG_INVALID", `${place}: ${what}`, hint);
}
