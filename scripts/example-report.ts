/**
 * Writes docs/examples/cluster-report.md and .html from the record that the last `npm run demo:cluster` has left, or with `namespace`
 * docs/examples/namespace-report.md from that of the lab's example application. Places in temporary directories are called as a
 * homelab's would be; nothing else is changed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { renderHtml } from "../src/report/html.ts";
import { renderMarkdown } from "../src/report/markdown.ts";
import { parseRecord } from "../src/report/schema.ts";

const root = new URL("../", import.meta.url);
const of = process.argv[2] ?? "cluster";
const source = new URL(`firedrill-demo-${of}/report.json`, root);
const text = readFileSync(source, "utf8");
const { directory } = parseRecord(text, source.pathname);
const places = { [dirname(dirname(directory))]: "/var/lib/firedrill", "/tmp/firedrill-services/demo": "/srv/homelab" };
const renamed = Object.entries(places).reduce((all, [from, to]) => all.replaceAll(from, to), text);
const record = parseRecord(renamed, source.pathname);
const pages = { md: renderMarkdown, html: renderHtml };
for (const ending of of === "cluster" ? (["md", "html"] as const) : (["md"] as const)) {
  const page = `docs/examples/${of}-report.${ending}`;
  writeFileSync(new URL(page, root), pages[ending](record));
  console.log(`wrote ${page}`);
}
