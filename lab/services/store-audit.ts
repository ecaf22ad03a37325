import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/**
 * Where MinIO's audit webhook sends what it has answered. Of each request one line stays, for tests that count them.
 * Started as `node store-audit.ts FILE ADDRESS PORT`.
 */
const [file = "", address = "", port = ""] = process.argv.slice(2);

/** One request that MinIO has answered. */
export interface Stored {
  /** Of the action: PutObject, DeleteObject … */
  name: string;
  bucket: string;
  object: string;
  /** HTTP status of the answer. */
  status: number;
}

interface Told {
  api?: { name?: string; bucket?: string; object?: string; statusCode?: number };
}

createServer((request, response) => {
  void text(request).then((body) => {
    for (const line of body.split("\n").filter((one) => one !== "")) {
      const { name = "", bucket = "", object = "", statusCode: status = 0 } = (JSON.parse(line) as Told).api ?? {};
      if (/^(Put|Copy|Delete|CompleteMultipart)/.test(name))
        appendFileSync(file, `${JSON.stringify({ name, bucket, object, status } satisfies Stored)}\n`);
    }
    response.end();
  });
}).listen(Number(port), address);
