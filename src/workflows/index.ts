/** The workflow types that people can start, the one of `firedrill doctor`, and the lock that a run starts for itself. */
export { audit } from "./audit.ts";
export { backup } from "./backup.ts";
export { doctor } from "./doctor.ts";
export { exercise } from "./exercise.ts";
export { lock } from "./lock.ts";
export { restore } from "./restore.ts";
