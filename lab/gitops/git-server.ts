import { spawn } from "node:child_process";
import { createServer } from "node:http";

/**
 * Serves bare git repositories over HTTP, as Flux and Argo CD want them: `git http-backend` behind Node's server.
 * Started as `node git-server.ts DIRECTORY ADDRESS PORT`.
 */
const [directory = "", address = "", port = ""] = process.argv.slice(2);

createServer((request, response) => {
  const { pathname, search } = new URL(request.url ?? "/", "http://lab");
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: directory,
      GIT_HTTP_EXPORT_ALL: "1",
      // Repositories of another user's are refused otherwise.
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
  });
  request.pipe(backend.stdin);
  backend.stderr.pipe(process.stderr);
  let head = Buffer.alloc(0);
  backend.stdout.on("data", (piece: Buffer) => {
    if (response.headersSent) return void response.write(piece);
    head = Buffer.concat([head, piece]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const headers = head.subarray(0, end).toString().split("\r\n");
    const parsed = headers.map((line) => line.split(/:\s*/, 2) as [string, string]);
    const status = parsed.find(([name]) => name === "Status")?.[1];
    response.writeHead(Number(status?.slice(0, 3) ?? 200), parsed.filter(([name]) => name !== "Status").flat());
    response.write(head.subarray(end + 4));
  });
  backend.on("close", () => {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}).listen(Number(port), address);
