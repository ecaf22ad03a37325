/** A whole PostgreSQL cluster of this host, by a pgBackRest stanza: the code of each verb. */
export { backupPgBackRest } from "./backup.ts";
export { confirmPgBackRest } from "./confirm.ts";
export { controlPgBackRest } from "./control.ts";
export { destroyPgBackRest } from "./destroy.ts";
export { inspectPgBackRest } from "./inspect.ts";
export { placePgBackRest } from "./place.ts";
export { plantPgBackRest } from "./plant.ts";
export { provePgBackRest } from "./prove.ts";
export { restorePgBackRest } from "./restore.ts";
export { retainPgBackRest } from "./retain.ts";
export { verifyPgBackRest } from "./verify.ts";
