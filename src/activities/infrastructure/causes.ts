import { fail, type FailureType } from "../../failures.ts";
import { redact } from "../../redaction.ts";
import { lastWords } from "../exec.ts";
import { type LongEnd, tail } from "../jobs/run-job.ts";
import { type Diagnostic, errorsIn } from "./messages.ts";

/** Why OpenTofu, Terraform or Terragrunt failed, in one line, and what a person can do. */

const known: { says: RegExp; hint: string; type?: FailureType }[] = [
  {
    says: /ExpiredToken|InvalidClientTokenId|security token .*(expired|invalid)|token (has|is) expired|NoCredentialProviders|no valid credential|AuthFailure|InvalidGrant|could not find default credentials|\b401\b.*unauthorized/i,
    type: "AUTHENTICATION_FAILED",
    hint: "The provider's credentials are missing or have expired: renew them, name them in `environment:` of the layer, then retry.",
  },
  {
    says: /AccessDenied|UnauthorizedOperation|not authorized to perform|\b403\b.*forbidden/i,
    type: "PERMISSION_DENIED",
    hint: "Give the provider's credentials the right that the message names; then retry.",
  },
  {
    says: /quota|LimitExceeded|VcpuLimit|InsufficientInstanceCapacity|InsufficientCapacity|rate limit/i,
    hint: "A limit of the provider is reached: free what is not needed, or have it raised; then retry.",
  },
  {
    says: /Failed to save state|Failed to persist state|errored\.tfstate/i,
    hint: "What it did is in errored.tfstate of the directory: bring it back with `state push errored.tfstate`; then retry.",
  },
  {
    says: /state snapshot was created by|Unsupported (OpenTofu|Terraform) Core version|Unsupported state file|required_version|does not support resource instance tracking/i,
    type: "UNSUPPORTED_VERSION",
    hint: "Install the version of the program that the layer's code or state asks for; then retry.",
  },
  {
    says: /Backend initialization required|Backend configuration changed|NoSuchBucket|bucket does not exist|Failed to get existing workspaces|error loading (the )?(state|backend)|Error refreshing state/i,
    hint: "The state's backend is missing, not reachable or another one: check `backendConfig`, bucket and key; then retry.",
  },
  {
    says: /detected no outputs|has not been applied yet/i,
    hint: "A unit that another one depends on has nothing applied: what is there only in part cannot be drilled. Apply it first; then retry.",
  },
  {
    says: /Unable to parse Terraform version output/i,
    hint: "TF_CLI_CONFIG_FILE of the worker names a file that does not exist, whose warning Terragrunt does not understand.",
  },
  {
    says: /no such host|connection refused|i\/o timeout|network is unreachable|TLS handshake/i,
    type: "SYSTEM_UNREACHABLE",
    hint: "An API that a provider or the backend needs does not answer: see that it does; then retry.",
  },
];

/** What a person can do about a known cause. */
export function hintFor(text: string): string | undefined {
  return known.find(({ says }) => says.test(text))?.hint;
}

/** "terraform_data.node[0]: local-exec provisioner error: exit status 3 … (and 1 more)". */
function quote(errors: Diagnostic[]): string {
  const [first] = errors;
  if (first === undefined) return "";
  const { address, summary, detail } = first;
  const parts = [address, summary, middleOut(detail)].filter((part) => part !== "");
  return `${parts.join(": ")}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ""}`;
}

/** One line that keeps its beginning and its end: of a command's error the end is what tells. */
export function middleOut(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length <= 400 ? line : `${line.slice(0, 150)} … ${line.slice(-250)}`;
}

/** All that a program wrote to its standard output. A plan of thousands of resources is a few megabytes. */
const wholeOutput = 64 * 1024 * 1024;

/** How a program ended, with the errors that it told on its standard output. */
export interface Told {
  end: LongEnd;
  output: string;
  errors: Diagnostic[];
}

export async function told(end: LongEnd): Promise<Told> {
  const output = await tail(end.stdout, wholeOutput);
  return { end, output, errors: errorsIn(output) };
}

/**
 * The failure of a program that ended badly.
 * @param what what failed, such as "the destruction of cluster"
 * @param type where no known cause has a better one
 * @param left what is left to do, as a sentence for the message's end
 */
export async function failureOf(what: string, { end, errors }: Told, type: FailureType, left = ""): Promise<Error> {
  const words = errors.length > 0 ? quote(errors) : lastWords((await tail(end.stderr)) || (await tail(end.stdout)));
  const all = [words, ...errors.map(({ summary, detail }) => `${summary} ${detail}`)].join(" ");
  const cause = known.find(({ says }) => says.test(all));
  const how = end.signal === null ? `exit code ${end.exitCode}` : `signal ${end.signal}`;
  const message = `${what} failed: ${words === "" ? how : words}${left === "" ? "" : `; ${left}`}`;
  const seen = `Its whole output is in ${end.stdout} on the worker's host.`;
  // After a step has begun to change something its own type must stay: it says that the target may be damaged.
  const cannotHide = type === "NOT_DESTROYED" || type === "NOT_BUILT";
  return fail(cannotHide ? type : (cause?.type ?? type), redact(message), cause?.hint ?? seen);
}
