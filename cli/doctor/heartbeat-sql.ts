import type { DatabaseKind } from "../../connectors/debezium/config.ts";

/** The statement that makes a heartbeat table of this qualified name. */
export function heartbeatTable(table: string): string {
  return `CREATE TABLE ${table} (id INT NOT NULL PRIMARY KEY, beat BIGINT NOT NULL);`;
}

/** The statement for `heartbeat.action.query`: it changes the row each time, so that each time there is a change event. */
export function heartbeatQuery(kind: DatabaseKind, table: string): string {
  const bare = table.slice(table.lastIndexOf(".") + 1);
  return kind === "mariadb"
    ? `INSERT INTO ${table} (id, beat) VALUES (1, 1) ON DUPLICATE KEY UPDATE beat = beat + 1`
    : `INSERT INTO ${table} (id, beat) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET beat = ${bare}.beat + 1`;
}
