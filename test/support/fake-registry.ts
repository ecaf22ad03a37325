import { createServer } from "node:http";

/** A registry that refuses: `node fake-registry.ts PORT` within a cluster's network. What it says is chosen by the path. */

const answers: [RegExp, number, string, string][] = [
  [/^\/v2\/private\//, 401, "UNAUTHORIZED", "authentication required"],
  [/^\/v2\/limited\//, 429, "TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit."],
  [/^\/v2\/.+/, 404, "MANIFEST_UNKNOWN", "manifest unknown"],
];

createServer(({ url = "" }, response) => {
  const [, status, code, message] = answers.find(([path]) => path.test(url)) ?? [/$/, 200, "", ""];
  response.writeHead(status, { "content-type": "application/json" });
  response.end(status === 200 ? "{}" : JSON.stringify({ errors: [{ code, message }] }));
}).listen(Number(process.argv[2]), "127.0.0.1");
