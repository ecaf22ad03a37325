/**
 * What pg_restore's sessions ask of the server, as PGOPTIONS; only what a session may set for itself, and nothing that
 * makes the server less safe for the other databases on it. Measured in bench/.
 */
export const restoreSettings = [
  // The statements that follow the restore commit synchronously, which flushes all WAL before them.
  "synchronous_commit=off",
  // The database's own settings are in force already, and it may be read-only.
  "default_transaction_read_only=off",
]
  .map((setting) => `-c ${setting}`)
  .join(" ");
