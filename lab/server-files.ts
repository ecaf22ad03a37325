import { join } from "node:path";

/** Where everything of one lab server lies; all of it below `directory`. */
export interface ServerPaths {
  directory: string;
  data: string;
  socket: string;
  log: string;
  passwordFile: string;
  backrest: { config: string; repository: string; log: string; lock: string; spool: string };
}

export function serverPaths(directory: string): ServerPaths {
  const below = (...parts: string[]) => join(directory, ...parts);
  return {
    directory,
    data: below("data"),
    socket: below("run"),
    log: below("server.log"),
    passwordFile: below("password"),
    backrest: {
      config: below("pgbackrest.conf"),
      repository: below("repository"),
      log: below("pgbackrest", "log"),
      lock: below("pgbackrest", "lock"),
      spool: below("pgbackrest", "spool"),
    },
  };
}

/** `clusterName` shows in the title of each process of the server, so that all of them can be found again. */
export function postgresqlConf(paths: ServerPaths, port: number, clusterName: string, archive: string[]): string {
  return `
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = '${paths.socket}'
cluster_name = '${clusterName}'
max_connections = 50
shared_buffers = 128MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
# Files in the data directory instead of /dev/shm: a killed server then leaves none behind.
dynamic_shared_memory_type = mmap
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
${archive.join("\n")}
`;
}

/** Over TCP a password is needed; the server's own OS user comes in by the socket, as on Debian (pgBackRest needs it). */
export const hbaConf = `
local all postgres peer map=lab
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
local replication postgres peer map=lab
host replication all 127.0.0.1/32 scram-sha-256
`;

export function identConf(osUser: string): string {
  return `lab ${osUser} postgres\n`;
}

export function archiveSettings(pgbackrest: string, config: string, stanza: string): string[] {
  return [
    "wal_level = replica",
    "archive_mode = on",
    `archive_command = '"${pgbackrest}" --config="${config}" --stanza=${stanza} archive-push "%p"'`,
    "archive_timeout = 60",
  ];
}

export function pgbackrestConf(paths: ServerPaths, port: number, stanza: string): string {
  return `
[global]
repo1-path=${paths.backrest.repository}
repo1-retention-full=4
log-path=${paths.backrest.log}
lock-path=${paths.backrest.lock}
spool-path=${paths.backrest.spool}
process-max=2
compress-type=zst
compress-level=3
start-fast=y

[${stanza}]
pg1-path=${paths.data}
pg1-port=${port}
pg1-socket-path=${paths.socket}
pg1-user=postgres
`;
}
