import { raise } from "../../base/errors.ts";
import type { SqliteFile } from "../../base/sqlite-file.ts";
import { type DeadLetterDecision, type Decision, MAX_NOTE, MAX_ROWS } from "./records.ts";

/** What people decided, in the order in which they did. Decisions are added, never changed. */
export class DecisionLog {
  readonly #file: SqliteFile;
  readonly #who: string;

  constructor(file: SqliteFile, who: string) {
    this.#file = file;
    this.#who = who;
  }

  /** Adds a decision; the caller's transaction makes it true together with what it changes. */
  add(entry: Pick<Decision, "kind" | "id" | "decision" | "note" | "at"> & { readonly check?: string }): void {
    this.#file.run(
      "INSERT INTO decisions (kind, id, decision, check_uid, note, who, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      [entry.kind, entry.id, entry.decision, entry.check ?? null, entry.note, this.#who, entry.at],
    );
  }

  /** Up to `MAX_ROWS` decisions with a greater `seq`, ascending. A decision that is seen later has a greater one. */
  since(seq: number): Decision[] {
    const sql = "SELECT * FROM decisions WHERE seq > ? ORDER BY seq LIMIT ?";
    return this.#file.all<StoredDecision>(sql, [seq, MAX_ROWS]).map(toDecision);
  }

  /** Decisions about one dead letter, oldest first. */
  ofDeadLetter(id: string): DeadLetterDecision[] {
    const sql = "SELECT * FROM decisions WHERE kind = 'dead-letter' AND id = ? ORDER BY seq";
    return this.#file.all<StoredDecision>(sql, [id]).map(toDecision) as DeadLetterDecision[];
  }

  /** The newest decision about a suspension, or about one check of it. */
  ofSuspension(id: string | undefined, check: string | undefined): Decision | undefined {
    const narrowed = id === undefined ? "check_uid = ?" : "id = ?";
    const sql = `SELECT * FROM decisions WHERE kind = 'suspension' AND ${narrowed} ORDER BY seq DESC LIMIT 1`;
    return this.#file.all<StoredDecision>(sql, [id ?? check ?? null]).map(toDecision)[0];
  }
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
}

function toDecision({ check_uid: check, ...stored }: StoredDecision): Decision {
  return (check === null ? { ...stored } : { ...stored, check }) as Decision;
}
