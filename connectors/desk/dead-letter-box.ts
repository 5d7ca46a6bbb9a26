import { raise } from "../../base/errors.ts";
import type { SqliteFile } from "../../base/sqlite-file.ts";
import { formatTime } from "../../base/time.ts";
import type { RecordFault } from "../../dataflow/source.ts";
import { checkedNote, type DecisionLog } from "./decision-log.ts";
import { type DeadLetter, type DeadLetterState, type DeadLetterSummary, MAX_ROWS, type ReadPart } from "./records.ts";
import { capped, where } from "./tables.ts";

/** Records that could not be used, until somebody settles them. */
export class DeadLetterBox {
  readonly #file: SqliteFile;
  readonly #decisions: DecisionLog;

  constructor(file: SqliteFile, decisions: DecisionLog) {
    this.#file = file;
    this.#decisions = decisions;
  }

  record(faults: readonly RecordFault[], at: number): void {
    this.#file.run(REMEMBER);
    this.#file.transaction(() => {
      for (const fault of faults) {
        this.#put(fault, at);
        this.#file.run("INSERT OR IGNORE INTO met_faults VALUES (?)", [fault.id]);
      }
    });
  }

  /** Begins a run that has met none. */
  forgetMet(): void {
    this.#file.run(REMEMBER);
    this.#file.run("DELETE FROM met_faults");
  }

  list(state: DeadLetterState | undefined, limit = MAX_ROWS): DeadLetterSummary[] {
    const { sql, values } = where({ state });
    const text = `SELECT ${SUMMARY} FROM dead_letters ${sql} ORDER BY topic, partition, "offset" LIMIT ?`;
    return this.#file.all<StoredSummary>(text, [...values, capped(limit)]).map(toSummary);
  }

  count(state: DeadLetterState): number {
    return this.#counted("SELECT count(*) AS count FROM dead_letters WHERE state = ?", state);
  }

  countMet(state: DeadLetterState): number {
    this.#file.run(REMEMBER);
    return this.#counted(`SELECT count(*) AS count FROM dead_letters WHERE state = ? AND ${WAS_MET}`, state);
  }

  settleRead(parts: readonly ReadPart[], at: number): number {
    this.#file.run(REMEMBER);
    const sql = `SELECT id FROM dead_letters WHERE state = 'open' AND source = ? AND topic = ? AND partition = ?
      AND "offset" < ? AND NOT ${WAS_MET} ORDER BY "offset"`;
    return this.#file.transaction(() => {
      const settled = parts.flatMap(({ source, topic, partition, end }) =>
        this.#file.all<{ id: string }>(sql, [source, topic, partition, end]),
      );
      for (const { id } of settled) {
        this.#file.run("UPDATE dead_letters SET state = 'read' WHERE id = ?", [id]);
        this.#decisions.add({ kind: "dead-letter", id, decision: "read", note: "a later run could use it", at });
      }
      return settled.length;
    });
  }

  get(id: string): DeadLetter {
    const sql = `SELECT ${SUMMARY}, raw_key, raw_value FROM dead_letters WHERE id = ?`;
    const stored = this.#file.all<StoredLetter>(sql, [id])[0];
    if (stored === undefined) raise("DEAD_LETTER_UNKNOWN", { id });
    const { raw_key: key, raw_value: value, ...summary } = stored;
    return { ...toSummary(summary), key, value, decisions: this.#decisions.ofDeadLetter(id) };
  }

  decide(id: string, decision: "replayed" | "discarded", note: string, at: number): void {
    const kept = checkedNote(note, decision === "discarded" ? "discard a dead letter" : undefined);
    this.#file.transaction(() => {
      const changed = this.#file.run("UPDATE dead_letters SET state = ? WHERE id = ? AND state = 'open'", [
        decision,
        id,
      ]);
      if (changed === 0) this.#refuse(id);
      this.#decisions.add({ kind: "dead-letter", id, decision, note: kept, at });
    });
  }

  #put(fault: RecordFault, at: number): void {
    this.#file.run(PUT, [
      fault.id,
      fault.source,
      fault.table,
      fault.topic,
      fault.partition,
      fault.offset,
      fault.code,
      fault.message,
      fault.row ?? null,
      fault.fields === undefined ? null : JSON.stringify(fault.fields),
      fault.key,
      fault.value,
      at,
    ]);
  }

  #counted(sql: string, state: DeadLetterState): number {
    return this.#file.all<{ count: number }>(sql, [state])[0]!.count;
  }

  #refuse(id: string): never {
    const last = this.get(id).decisions.at(-1)!;
    raise("DEAD_LETTER_ALREADY_DECIDED", { id, decision: last.decision, who: last.who, at: formatTime(last.at) });
  }
}

/** Ids of the faults that the run met, before it was last started too. Desks from before there was this table stay in use. */
const REMEMBER = "CREATE TABLE IF NOT EXISTS met_faults (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID";
const WAS_MET = "id IN (SELECT id FROM met_faults)";

/**
 * A fault that is met again after its replay, not a repeat of what was recorded before it, is open again; so is one that
 * a run could use for a while.
 */
const PUT = `INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
  ON CONFLICT DO UPDATE SET state = 'open', code = excluded.code, message = excluded.message,
    recorded_at = excluded.recorded_at
  WHERE state = 'read' OR state = 'replayed'
    AND excluded.recorded_at > (SELECT max(at) FROM decisions WHERE kind = 'dead-letter' AND decisions.id = excluded.id)`;

const SUMMARY = `id, source, table_name, topic, partition, "offset", code, message, row_key, fields, state, recorded_at,
  length(raw_value) AS bytes`;

interface StoredSummary {
  readonly id: string;
  readonly source: string;
  readonly table_name: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
  readonly message: string;
  readonly row_key: string | null;
  readonly fields: string | null;
  readonly state: DeadLetterState;
  readonly recorded_at: number;
  readonly bytes: number | null;
}

interface StoredLetter extends StoredSummary {
  readonly raw_key: Uint8Array | null;
  readonly raw_value: Uint8Array | null;
}

function toSummary(stored: StoredSummary): DeadLetterSummary {
  const { table_name: table, row_key: row, fields, recorded_at: recordedAt, bytes: valueBytes, ...rest } = stored;
  return {
    ...rest,
    table,
    recordedAt,
    valueBytes,
    ...(row === null ? {} : { row }),
    ...(fields === null ? {} : { fields: JSON.parse(fields) }),
  };
}
