/** Writes what is generated from the schemas: plan.schema.json, report.schema.json, docs/plan.md. A test fails when stale. */
import { writeFileSync } from "node:fs";
import { planDocs } from "../src/plan/docs.ts";
import { planJsonSchema } from "../src/plan/json-schema.ts";
import { reportJsonSchema } from "../src/report/schema.ts";

const root = new URL("../", import.meta.url);
const files: Record<string, string> = {
  "plan.schema.json": `${JSON.stringify(planJsonSchema(), null, 2)}\n`,
  "report.schema.json": `${JSON.stringify(reportJsonSchema(), null, 2)}\n`,
  "docs/plan.md": planDocs(),
};
for (const [name, content] of Object.entries(files)) {
  writeFileSync(new URL(name, root), content);
  console.log(`wrote ${name}`);
}
