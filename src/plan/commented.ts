import { Document, isMap, isScalar, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { asYaml } from "./complaint.ts";
import { Plan } from "./schema.ts";
import { type AnySchema, descriptionOf, exampleOf, inner, schemasAlong, shapeOf } from "./schema-walk.ts";

/** As much of a value as stands in one line. */
const inLine = 48;

/**
 * The text of a plan file for a new plan: each key with what the schema says of it, and below it, as comments, the keys
 * that this plan does not have.
 * @param value what is to stand in the file, as a person would write it
 * @param head lines of a comment for the top of the file
 */
export function commentedPlan(value: object, head: string[]): string {
  // Anchors are not allowed in a plan, and components may have one connection.
  const document = new Document(value, { aliasDuplicateObjects: false });
  comment(document.contents as unknown as YAMLMap, Plan, value);
  for (const [n, pair] of (document.contents as unknown as YAMLMap<Scalar>).items.entries())
    pair.key.spaceBefore = n > 0;
  const written = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  return `${lines(head)}\n${written}\n${lines(["Keys that this plan does not have, each with an example:"])}\n${missing(value)}`;
}

function lines(texts: string[]): string {
  return texts.map((text) => `# ${text}`.trimEnd() + "\n").join("");
}

function missing(value: object): string {
  return Object.entries(shapeOf(Plan, value))
    .filter(([key]) => !(key in value))
    .map(([key, schema]) => lines([`${descriptionOf(schema)}:`, asYaml(key, exampleOf(schema))]))
    .join("#\n");
}

/** Says of each key what it means: behind what stands in one line, above everything longer. */
function comment(map: YAMLMap, schema: AnySchema, value: unknown): void {
  for (const pair of map.items as Pair<Scalar<string>, Node>[]) {
    const own = schemasAlong(schema, [pair.key.value], value).at(-1)!;
    const inside = (value as Record<string, unknown>)[pair.key.value];
    const short = asYaml(pair.key.value, inside).length <= inLine;
    const about = ` ${descriptionOf(own) ?? ""}`;
    if (isScalar(pair.value)) pair.value.comment = about;
    else if (short) Object.assign(pair.value as YAMLMap | YAMLSeq, { flow: true, comment: about });
    else {
      pair.key.commentBefore = about;
      commentInside(pair.value as YAMLMap | YAMLSeq, own, inside);
    }
  }
}

function commentInside(node: YAMLMap | YAMLSeq, schema: AnySchema, value: unknown): void {
  if (isMap(node)) return comment(node, schema, value);
  const element = (inner(schema) as unknown as { element: AnySchema }).element;
  for (const [n, item] of node.items.entries()) if (isMap(item)) comment(item, element, (value as unknown[])[n]);
}
