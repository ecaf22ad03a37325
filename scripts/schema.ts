/** Writes what is generated from the code: plan.schema.json, report.schema.json, docs/plan.md, docs/recovery.md. Tests fail when stale. */
import { writeFileSync } from "node:fs";
import { planDocs } from "../src/plan/docs.ts";
import { planJsonSchema } from "../src/plan/json-schema.ts";
import { recoveryDocs } from "../src/plan/recovery-docs.ts";
import { reportJsonSchema } from "../src/report/schema.ts";

const root = new URL("../", import.meta.url);
const files: Record<string, string> = {
  "plan.schema.json": `${JSON.stringify(planJsonSchema(), null, 2)}\n`,
  "report.schema.json": `${JSON.stringify(reportJsonSchema(), null, 2)}\n`,
  "docs/plan.md": planDocs(),
  "docs/recovery.md": recoveryDocs(),
};
for (const [name, content] of Object.entries(files)) {
  writeFileSync(new URL(name, root), content);
  console.log(`wrote ${name}`);
}
