/** The workflow types that people can start, and the lock that a run starts for itself. */
export { backup } from "./backup.ts";
export { exercise } from "./exercise.ts";
export { lock } from "./lock.ts";
export { restore } from "./restore.ts";
