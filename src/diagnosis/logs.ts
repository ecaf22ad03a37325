/** What the last lines of a container say about things outside of it. */

export interface Complaint {
  /** host: its name is not found; peer: it does not answer, by name or address; right: the API server says no. */
  kind: "host" | "peer" | "right";
  /** Name or address without a port; of a right the whole refusal. */
  of: string;
  line: string;
}

/** From its first letter on: to try each one of a long word would take the square of its length. */
const host = String.raw`(?<![\w.-])([\w.-]*\w)`;

const hosts = [
  /lookup ([\w.-]*\w)\.?(?: on \S+)?: (?:no such host|server misbehaving|.*i\/o timeout)/,
  /could not translate host name "([^"]+)" to address/,
  /getaddrinfo (?:ENOTFOUND|EAI_AGAIN) ([\w.-]*\w)/,
  /can't find ([\w.-]*\w)\.?: (?:NXDOMAIN|SERVFAIL)/,
  /can't resolve '([\w.-]*\w)/,
  /bad address '([\w.-]*\w)(?::\d+)?'/,
  /[Cc]ould not resolve (?:host|hostname|proxy)?:? ?"?([\w.-]*\w)/,
  /UnknownHostException: ([\w.-]*\w)/,
  new RegExp(`${host}(?::\\d+)?: (?:Name or service not known|Temporary failure in name resolution)`),
  /Failed to resolve '([\w.-]*\w)'/,
];

const peers = [
  /dial tcp \[?([\d.:a-f]+?)\]?:\d+: (?:connect: connection refused|i\/o timeout|connect: no route to host)/,
  /connection to server at "([^"]+)"(?: \([\d.:a-f]+\))?, port \d+ failed: (?:Connection refused|timeout|Connection timed out)/,
  /connect (?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH) ([\d.]+|[\w.-]+):\d+/,
  /can't connect to remote host \(?([\d.]+)\)?(?::\d+)?: (?:Connection refused|Connection timed out|No route to host)/,
  new RegExp(`(?:[Cc]onnect(?:ion)? to|connecting to) ${host}:\\d+.*(?:refused|timed out)`),
  new RegExp(`connect to ${host} (?:\\([^)]*\\) )?port \\d+.*(?:refused|timed out|Could not connect)`),
  new RegExp(`${host}:\\d+ - (?:no response|rejecting connections)`),
  new RegExp(`${host} \\([\\d.]+:\\d+\\): Connection (?:refused|timed out)`),
  new RegExp(`^nc: ${host}:? .*[Cc]onnection refused`),
];

const right = /[Ff]orbidden: (User "system:serviceaccount:[^"]+" cannot \S+ resource "[^"]+"[^,;]*)/;

/** The last one counts: what stood in the way before may be past. */
export function complaintOf(lines: string[]): Complaint | undefined {
  for (const line of lines.toReversed()) {
    const refusal = right.exec(line)?.[1];
    if (refusal !== undefined) return { kind: "right", of: refusal.trim(), line };
    const name = first(hosts, line);
    if (name !== undefined) return { kind: "host", of: name, line };
    const peer = first(peers, line);
    if (peer !== undefined && !/^(?:127\.|localhost$|::1$)/.test(peer)) return { kind: "peer", of: peer, line };
  }
  return undefined;
}

function first(patterns: RegExp[], line: string): string | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
