import { raise } from "../../base/errors.ts";
import type { SqliteFile } from "../../base/sqlite-file.ts";
import { type AlertDecision, type DeadLetterDecision, type Decision, MAX_NOTE, MAX_ROWS } from "./records.ts";

/** What people decided, in the order in which they did. Decisions are added, never changed. */
export class DecisionLog {
  readonly #file: SqliteFile;
  /** User of the operating system, who decides through this. */
  readonly who: string;

  constructor(file: SqliteFile, who: string) {
    this.#file = file;
    this.who = who;
  }

  /** Adds a decision; the caller's transaction makes it true together with what it changes. */
  add(entry: NewDecision): void {
    const { kind, id, decision, check = null, note, at, until = null } = entry;
    this.#file.run(
      "INSERT INTO decisions (kind, id, decision, check_uid, note, who, at, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      [kind, id, decision, check, note, this.who, at, until],
    );
  }

  /** Up to `MAX_ROWS` decisions with a greater `seq`, ascending. A decision that is seen later has a greater one. */
  since(seq: number): Decision[] {
    const sql = "SELECT * FROM decisions WHERE seq > ? ORDER BY seq LIMIT ?";
    return this.#file.all<StoredDecision>(sql, [seq, MAX_ROWS]).map(toDecision);
  }

  /** Decisions about one dead letter, oldest first. */
  ofDeadLetter(id: string): DeadLetterDecision[] {
    return this.#of("dead-letter", id) as DeadLetterDecision[];
  }

  /** Decisions about one alert, oldest first. */
  ofAlert(id: string): AlertDecision[] {
    return this.#of("alert", id) as AlertDecision[];
  }

  /** The newest decision about a suspension, or about one check of it. */
  ofSuspension(id: string | undefined, check: string | undefined): Decision | undefined {
    const narrowed = id === undefined ? "check_uid = ?" : "id = ?";
    const sql = `SELECT * FROM decisions WHERE kind = 'suspension' AND ${narrowed} ORDER BY seq DESC LIMIT 1`;
    return this.#file.all<StoredDecision>(sql, [id ?? check ?? null]).map(toDecision)[0];
  }

  #of(kind: Decision["kind"], id: string): Decision[] {
    const sql = "SELECT * FROM decisions WHERE kind = ? AND id = ? ORDER BY seq";
    return this.#file.all<StoredDecision>(sql, [kind, id]).map(toDecision);
  }
}

/** A decision that is made now, by whoever has the log. */
export interface NewDecision extends Pick<Decision, "kind" | "id" | "decision" | "note" | "at"> {
  readonly check?: string;
  readonly until?: number;
}

/** The note as it is kept. NOTE_REQUIRED where there must be one to `action`, NOTE_TOO_LONG. */
export function checkedNote(note: string, action?: string): string {
  const kept = note.trim();
  if (action !== undefined && kept === "") raise("NOTE_REQUIRED", { action });
  if (kept.length > MAX_NOTE) raise("NOTE_TOO_LONG", { length: kept.length, limit: MAX_NOTE });
  return kept;
}

interface StoredDecision {
  readonly seq: number;
  readonly kind: Decision["kind"];
  readonly id: string;
  readonly decision: string;
  readonly check_uid: string | null;
  readonly note: string;
  readonly who: string;
  readonly at: number;
  readonly until: number | null;
}

function toDecision({ check_uid: check, until, ...stored }: StoredDecision): Decision {
  return { ...stored, ...(check === null ? {} : { check }), ...(until === null ? {} : { until }) } as Decision;
}
