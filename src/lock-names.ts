/**
 * Names of locks: paths that narrow down, such as `postgres/<system identifier>/<database>`. They are the same in every
 * plan that means the same target, and a name covers all below it.
 */

/** ID of the workflow that holds a lock. */
export function lockWorkflowId(name: string): string {
  return `firedrill/target/${name}`;
}

/** Whether an ID is kept for locks: a run of that name would be taken for one. */
export function isReservedId(workflowId: string): boolean {
  return workflowId.startsWith("firedrill/");
}

/** Whether two may not be worked on at once: they are the same, or one is a part of the other. */
export function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

/** The names that cover this one, the widest first. */
export function namesAbove(name: string): string[] {
  const parts = name.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}
