import type { Defect } from "./defects.ts";

/** What can be wrong with a captured database. */
export const databaseDefects = {
  DATABASE_CLOCK_OFF: {
    level: "warning",
    says: "its clock is {seconds} s {direction} this machine's",
    follows:
      "Event times are the databases' own. Where two databases' clocks differ by more than the check's skew, a counterpart seems to come after the deadline, or before its payment.",
    remedy: "Have both machines' clocks kept by NTP (chronyc tracking)",
  },
  DATABASE_GRANT_MISSING: {
    level: "problem",
    says: "the connector's user {user} lacks {privilege}{where}",
    follows: "{consequence}",
    remedy: "{sql}",
  },
  DATABASE_HEARTBEAT_MISSING: {
    level: "problem",
    says: "there is no heartbeat table {table}",
    follows:
      "heartbeat.action.query fails, and the source's frontier stands still while its tables are quiet: deadlines are not judged.",
    remedy: "{sql}",
  },
  DATABASE_NO_PRIMARY_KEY: {
    level: "problem",
    says: "table {table} has no primary key",
    follows:
      "Its changes have no key: rows cannot be told apart, a changed amount is never retracted, and every record is a dead letter.",
    remedy:
      "ALTER TABLE {table} ADD PRIMARY KEY (…), or message.key.columns of the connector with columns that are unique",
  },
  DATABASE_TABLE_MISSING: {
    level: "problem",
    says: "there is no table {table}",
    follows: "No change of it can come: what it should hold counts as missing.",
    remedy: "Correct the table's topic in `sources`, or the URL's database",
  },
  DATABASE_UNREACHABLE: {
    level: "problem",
    says: "{host} cannot be asked: {reason}",
    follows: "What it keeps for the connector (log, grants, tables) is unknown.",
    remedy: "Correct `database.url`, or let its user read the settings; no right to write is needed",
  },
  MARIADB_BEFORE_NOT_WHOLE: {
    level: "problem",
    says: "binlog_row_image is {image}, and the job has `before: full` for {tables}",
    follows:
      "Updates and deletes lack columns of the row before them. The connector stops at them, or they go to the dead letters: their keys become unobservable, and so does every key that would fail, for the row may have been of any.",
    remedy:
      "SET GLOBAL binlog_row_image = 'FULL'; and the same in the server's configuration. Then let all sessions reconnect: those that are open keep theirs",
  },
  MARIADB_BINLOG_EXPIRES: {
    level: "warning",
    says: "the binary log is kept for {kept}",
    follows:
      "A connector that stands still for longer, over a long weekend, cannot go on: changes between are lost, and a new snapshot knows their last state only.",
    remedy: "SET GLOBAL binlog_expire_logs_seconds = 604800; and the same in the server's configuration",
  },
  MARIADB_BINLOG_NOT_ROW: {
    level: "problem",
    says: "binlog_format is {format}",
    follows: "The log holds statements, not rows: changes of amounts are never seen.",
    remedy: "SET GLOBAL binlog_format = 'ROW'; and the same in the server's configuration",
  },
  MARIADB_BINLOG_OFF: {
    level: "problem",
    says: "the server writes no binary log (log_bin=OFF)",
    follows: "There is nothing for the connector to read: no change is ever seen.",
    remedy: "log_bin=mysql-bin, binlog_format=ROW and server_id in the server's configuration, and restart it",
  },
  MARIADB_GTID_LOOSE: {
    level: "note",
    says: "gtid_strict_mode is OFF",
    follows: "A replica may hold the log in another order. After a failover to it positions cannot be compared.",
    remedy: "SET GLOBAL gtid_strict_mode = ON; and after any failover `countercheck source new-epoch`",
  },
  MARIADB_ROW_IMAGE: {
    level: "problem",
    says: "binlog_row_image is {image}",
    follows:
      "Changes lack columns that did not change: amounts, currencies and keys are missing from them, and from what is taken back.",
    remedy:
      "SET GLOBAL binlog_row_image = 'FULL'; and the same in the server's configuration; sessions that are open keep theirs",
  },
  MARIADB_ROW_METADATA: {
    level: "note",
    says: "binlog_row_metadata is {metadata}",
    follows:
      "The log does not name its columns. They are known from the connector's schema history alone; with that lost, only a new snapshot helps.",
    remedy: "SET GLOBAL binlog_row_metadata = 'FULL'; and the same in the server's configuration",
  },
  MARIADB_TIME_ZONE: {
    level: "warning",
    says: "the server's time zone is {zone}",
    follows:
      "DATETIME columns have no zone and are read as UTC. Where the shop writes local time, business times and so deadlines are off by hours.",
    remedy: "default_time_zone = '+00:00' in the server's configuration, or TIMESTAMP columns for business times",
  },
  POSTGRES_BEFORE_NOT_WHOLE: {
    level: "problem",
    says: "table {table} has replica identity {identity}, and the job has `before: full` for it",
    follows:
      "Updates come without the row before, deletes with its key alone. They go to the dead letters: their keys become unobservable, and so does every key that would fail, for the row may have been of any.",
    remedy: "ALTER TABLE {table} REPLICA IDENTITY FULL;",
  },
  POSTGRES_IDENTITY_DEFAULT: {
    level: "warning",
    says: "table {table} has replica identity {identity}",
    follows:
      "Updates come without the row before, deletes with invented zeros, and large unchanged values are left out. The row stage fills all of it from the row's last state; for a row that it has not seen, nothing can be taken back, and who changed what (manual changes) is unattributable.",
    remedy: "ALTER TABLE {table} REPLICA IDENTITY FULL;",
  },
  POSTGRES_IDENTITY_NOTHING: {
    level: "problem",
    says: "table {table} has replica identity nothing",
    follows:
      "PostgreSQL refuses updates and deletes of a published table without it: the shop's statements fail, or, where the publication leaves them out, are never seen.",
    remedy: "ALTER TABLE {table} REPLICA IDENTITY FULL;",
  },
  POSTGRES_PUBLICATION_MISSING: {
    level: "problem",
    says: "there is no publication {publication}",
    follows: "The connector has nothing to read: no change is ever seen.",
    remedy: "CREATE PUBLICATION {publication} FOR TABLE {tables};",
  },
  POSTGRES_PUBLICATION_PARTIAL: {
    level: "problem",
    says: "the publication {publication} leaves out {operations}",
    follows: "Those changes are never seen: amounts that they add, change or take back are not counted.",
    remedy: "ALTER PUBLICATION {publication} SET (publish = 'insert, update, delete, truncate');",
  },
  POSTGRES_SLOT_BEHIND: {
    level: "warning",
    says: "the replication slot {slot} is {size} behind",
    follows:
      "Changes come late, so verdicts do. PostgreSQL keeps that much log for it; when the disk is full, the database stops.",
    remedy: "See what holds the connector up; its heartbeat also moves the slot on while captured tables are quiet",
  },
  POSTGRES_SLOT_IDLE: {
    level: "problem",
    says: "nobody reads the replication slot {slot}; it is {size} behind",
    follows: "No change reaches Kafka. PostgreSQL keeps its log until the connector is back, or the disk is full.",
    remedy: "Start the connector. If it is gone for good: SELECT pg_drop_replication_slot('{slot}');",
  },
  POSTGRES_SLOT_LOST: {
    level: "problem",
    says: "the replication slot {slot} has lost its log (wal_status {status})",
    follows: "Changes since are lost: their money is missing, and the connector cannot go on.",
    remedy:
      "SELECT pg_drop_replication_slot('{slot}'); a new snapshot, then `countercheck source new-epoch`; and a greater max_slot_wal_keep_size",
  },
  POSTGRES_SLOT_MISSING: {
    level: "problem",
    says: "there is no replication slot {slot}",
    follows:
      "The connector is not reading, and PostgreSQL keeps nothing for it: changes made before it starts again are lost.",
    remedy:
      "Start the connector, which makes the slot; after a failover take a new snapshot and `countercheck source new-epoch`",
  },
  POSTGRES_TABLE_NOT_PUBLISHED: {
    level: "problem",
    says: "table {table} is not in the publication {publication}",
    follows: "Its changes never reach Kafka: what it should hold counts as missing.",
    remedy: "ALTER PUBLICATION {publication} ADD TABLE {table};",
  },
  POSTGRES_WAL_BOUNDED: {
    level: "note",
    says: "max_slot_wal_keep_size is {size}",
    follows: "A connector that falls behind by more loses its slot, and changes with it.",
    remedy: "Watch how far the slot is behind; choose a size that holds for a long weekend",
  },
  POSTGRES_WAL_LEVEL: {
    level: "problem",
    says: "wal_level is {level}",
    follows: "PostgreSQL's log holds no rows that could be decoded: no change is ever seen.",
    remedy: "ALTER SYSTEM SET wal_level = 'logical'; and restart the server",
  },
  POSTGRES_WAL_UNBOUNDED: {
    level: "note",
    says: "max_slot_wal_keep_size is -1",
    follows:
      "While the connector stands still, PostgreSQL keeps all of its log: the disk fills, and then the shop stops.",
    remedy: "Watch how far the slot is behind, or bound it: ALTER SYSTEM SET max_slot_wal_keep_size = '50GB';",
  },
} as const satisfies Record<string, Defect>;
