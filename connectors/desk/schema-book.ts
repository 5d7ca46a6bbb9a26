import type { SqliteFile } from "../../base/sqlite-file.ts";
import type { ChangeClass, SchemaChange } from "../../dataflow/source.ts";
import type { SchemaChangeEntry } from "./records.ts";
import { capped } from "./tables.ts";

/** New schemas of tables. Each partition of a table tells of a schema: what is kept is the first that did. */
export class SchemaBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  record(changes: readonly SchemaChange[], at: number): void {
    if (changes.length === 0) return;
    this.#file.run(SCHEMA_CHANGES);
    for (const change of changes) {
      const { source, table, schemaId, topic, partition, offset, time, class: cause, summary, models } = change;
      this.#file.run("INSERT OR IGNORE INTO schema_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [
        source,
        table,
        schemaId,
        topic,
        partition,
        offset,
        time,
        cause,
        summary,
        JSON.stringify(models),
        at,
      ]);
    }
  }

  list(limit: number): SchemaChangeEntry[] {
    const isThere = this.#file.all("SELECT name FROM sqlite_master WHERE name = 'schema_changes'", []).length > 0;
    if (!isThere) return [];
    const sql = "SELECT * FROM schema_changes ORDER BY recorded_at DESC, source, table_name, schema_id DESC LIMIT ?";
    return this.#file.all<StoredChange>(sql, [capped(limit)]).map(toEntry);
  }
}

/** Made when it is first needed: desks from before there was this table stay in use. */
const SCHEMA_CHANGES = `CREATE TABLE IF NOT EXISTS schema_changes (
  source TEXT NOT NULL, table_name TEXT NOT NULL, schema_id INTEGER NOT NULL, topic TEXT NOT NULL,
  partition INTEGER NOT NULL, "offset" INTEGER NOT NULL, time INTEGER NOT NULL, class TEXT NOT NULL,
  summary TEXT NOT NULL, models TEXT NOT NULL, recorded_at INTEGER NOT NULL, PRIMARY KEY (source, table_name, schema_id)
) STRICT, WITHOUT ROWID`;

interface StoredChange {
  readonly source: string;
  readonly table_name: string;
  readonly schema_id: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly time: number;
  readonly class: ChangeClass;
  readonly summary: string;
  readonly models: string;
  readonly recorded_at: number;
}

function toEntry(stored: StoredChange): SchemaChangeEntry {
  const { table_name: table, schema_id: schemaId, models, recorded_at: recordedAt, ...rest } = stored;
  return { ...rest, table, schemaId, models: JSON.parse(models), recordedAt };
}
