/**
 * Writes docs/examples/cluster-report.md and .html from the record that the last `npm run demo:cluster` has left. Its places in
 * temporary directories are called as a homelab's would be; nothing else is changed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { renderHtml } from "../src/report/html.ts";
import { renderMarkdown } from "../src/report/markdown.ts";
import { parseRecord } from "../src/report/schema.ts";

const root = new URL("../", import.meta.url);
const source = new URL("firedrill-demo-cluster/report.json", root);
const text = readFileSync(source, "utf8");
const { directory } = parseRecord(text, source.pathname);
const places = { [dirname(dirname(directory))]: "/var/lib/firedrill", "/tmp/firedrill-services/demo": "/srv/homelab" };
const renamed = Object.entries(places).reduce((all, [from, to]) => all.replaceAll(from, to), text);
const record = parseRecord(renamed, source.pathname);
for (const [name, page] of [
  ["cluster-report.md", renderMarkdown(record)],
  ["cluster-report.html", renderHtml(record)],
] as const) {
  writeFileSync(new URL(`docs/examples/${name}`, root), page);
  console.log(`wrote docs/examples/${name}`);
}
