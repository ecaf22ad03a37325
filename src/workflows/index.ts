/** Exactly the workflow types that people can start. */
export { backup } from "./backup.ts";
export { exercise } from "./exercise.ts";
export { restore } from "./restore.ts";
