import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { Backup, Control, Done, Expected, Inspection, Remains, Restored, RunRef, Verification } from "../verbs.ts";

/** The verbs of a database whose server is lost together with its namespace. Types only: workflows read them. */

export interface DataInput {
  run: RunRef;
  component: PgDumpComponent;
  /** The namespace that names it in its `data`. */
  holder: NamespaceComponent;
  access: ClusterAccess;
}

/** It is planted, backed up and proven as any other database. */
export interface DataVerbs {
  inspect(input: DataInput & { toTime: string | null }): Promise<Done<Inspection>>;
  /** @throws TARGET_EXISTS, BACKUP_NOT_VERIFIED, NO_BACKUP */
  confirm(input: DataInput & Expected): Promise<Done<Remains>>;
  control(input: DataInput & { backup: Backup | null; toTime: string | null }): Promise<Done<Control>>;
  /**
   * Keeps everybody out of the new server's database, and restores beside it; where the data has come back with its volume,
   * nothing is restored: the place is the database itself. @throws TARGET_EXISTS
   */
  restore(input: DataInput & { backup: Backup | null; toTime: string | null }): Promise<Done<Restored>>;
  verify(input: DataInput & { restored: Restored }): Promise<Done<Verification>>;
  /** Sets aside what is in its place, ends the pods that work with it, and lets everybody in again. */
  place(input: DataInput & { restored: Restored; proven: boolean }): Promise<Done<Verification>>;
}
