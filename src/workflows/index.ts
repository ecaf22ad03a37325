/** The workflow types that people can start, the one of `firedrill doctor`, and those that a run starts for itself: locks, and the work on one volume of many. */
export { audit } from "./audit.ts";
export { backup } from "./backup.ts";
export { doctor } from "./doctor.ts";
export { exercise } from "./exercise.ts";
export { lock } from "./lock.ts";
export { restore } from "./restore.ts";
export { volume } from "./volume.ts";
