import type { SqliteFile } from "../../base/sqlite-file.ts";
import {
  MAX_ROWS,
  type Notice,
  type NotificationCounts,
  type NotificationEntry,
  type NotificationState,
  type SentAttempt,
  type WaitingNotice,
} from "./records.ts";
import { capped, where } from "./tables.ts";

/** Notifications that are on their way, or came to an end, in the order in which they were laid down. */
export class NotificationQueue {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** One whose id is known changes nothing. It is held where it is of a storm. */
  add({ id, sink, alert, check, action, body }: Notice, storm: string | null, at: number): void {
    const state: NotificationState = storm === null ? "waiting" : "held";
    this.#file.run(ADD, [id, sink, alert, check, action, body, state, storm, at, at]);
  }

  /** Those of a sink whose turn it is, the first due first: of each alert the first that waits. */
  due(sink: string, at: number, limit: number): WaitingNotice[] {
    return this.#file.all<StoredNotice>(DUE, [sink, at, capped(limit)]).map(toWaiting);
  }

  /** Notes what became of attempts; all of them or none. */
  settle(attempts: readonly SentAttempt[]): void {
    this.#file.transaction(() => {
      for (const { id, state, note, nextAt, at, isAttempt } of attempts)
        this.#file.run(SETTLE, [state, note, nextAt, isAttempt ? 1 : 0, state === "waiting" ? null : at, id]);
    });
  }

  /**
   * Drops one that waits, and what else waits of its alert for its sink until that was resolved; false, and nothing is
   * dropped, where it was not.
   */
  dropIfOver(id: string, at: number, note: string): boolean {
    const sql = `SELECT n.sink, n.alert, n.seq AS since, min(r.seq) AS through FROM notifications n JOIN notifications r
      ON r.state = 'waiting' AND r.sink = n.sink AND r.alert = n.alert AND r.action = 'resolved' AND r.seq > n.seq
      WHERE n.id = ? AND n.state = 'waiting' GROUP BY n.seq`;
    const [life] = this.#file.all<{ sink: string; alert: string; since: number; through: number }>(sql, [id]);
    if (life === undefined) return false;
    const { sink, alert, since, through } = life;
    const drop = `UPDATE notifications SET state = 'dropped', note = ?, settled_at = ?
      WHERE state = 'waiting' AND sink = ? AND alert = ? AND seq BETWEEN ? AND ?`;
    this.#file.run(drop, [note, at, sink, alert, since, through]);
    return true;
  }

  /** True where a sink was told anything of an alert, or of a storm. */
  isTold(alert: string, sink: string): boolean {
    const sql = "SELECT 1 FROM notifications WHERE alert = ? AND sink = ? AND state = 'sent' LIMIT 1";
    return this.#file.all(sql, [alert, sink]).length > 0;
  }

  list(query: { readonly state?: NotificationState; readonly sink?: string; readonly limit: number }) {
    const { sql, values } = where({ state: query.state, sink: query.sink });
    const text = `SELECT ${ENTRY} FROM notifications ${sql} ORDER BY seq DESC LIMIT ?`;
    return this.#file.all<NotificationEntry>(text, [...values, capped(query.limit)]).map((row) => ({ ...row }));
  }

  ofAlert(alert: string): NotificationEntry[] {
    const text = `SELECT ${ENTRY} FROM notifications WHERE alert = ? ORDER BY seq LIMIT ?`;
    return this.#file.all<NotificationEntry>(text, [alert, MAX_ROWS]).map((row) => ({ ...row }));
  }

  /** How many are in each state that there is. */
  counts(): NotificationCounts {
    const sql = "SELECT state, count(*) AS count FROM notifications GROUP BY state";
    const rows = this.#file.all<{ state: NotificationState; count: number }>(sql);
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  /** When the next that waits is due, in epoch ms; undefined where none waits. */
  nextDue(): number | undefined {
    const sql = "SELECT min(next_at) AS at FROM notifications WHERE state = 'waiting'";
    return this.#file.all<{ at: number | null }>(sql)[0]!.at ?? undefined;
  }

  /** Has those that were given up sent again, all or whose ids begin so; gives how many. */
  retry(prefix: string, at: number): number {
    const sql = `UPDATE notifications SET state = 'waiting', next_at = ?, queued_at = ?, settled_at = NULL
      WHERE state = 'given-up' AND substr(id, 1, length(?)) = ?`;
    return this.#file.run(sql, [at, at, prefix, prefix]);
  }

  /** Forgets what came to its end before a time. */
  prune(before: number): void {
    this.#file.run("DELETE FROM notifications WHERE settled_at < ? AND state <> 'given-up'", [before]);
  }

  clear(): void {
    this.#file.run("DELETE FROM notifications");
  }
}

const ADD = `INSERT OR IGNORE INTO notifications
  (id, sink, alert, check_uid, action, body, state, storm, queued_at, next_at, attempts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`;

const DUE = `SELECT id, sink, alert, check_uid, action, body, queued_at, attempts, note FROM notifications n
  WHERE state = 'waiting' AND sink = ? AND next_at <= ? AND NOT EXISTS (
    SELECT 1 FROM notifications e WHERE e.state = 'waiting' AND e.sink = n.sink AND e.alert = n.alert AND e.seq < n.seq)
  ORDER BY next_at, seq LIMIT ?`;

const SETTLE = `UPDATE notifications SET state = ?, note = ?, next_at = ?, attempts = attempts + ?, settled_at = ?
  WHERE id = ? AND state = 'waiting'`;

const ENTRY = `id, sink, alert, check_uid AS "check", action, state, queued_at AS queuedAt, next_at AS nextAt, attempts,
  note, settled_at AS settledAt`;

interface StoredNotice {
  readonly id: string;
  readonly sink: string;
  readonly alert: string;
  readonly check_uid: string | null;
  readonly action: string;
  readonly body: string;
  readonly queued_at: number;
  readonly attempts: number;
  readonly note: string | null;
}

function toWaiting({ check_uid: check, queued_at: queuedAt, ...rest }: StoredNotice): WaitingNotice {
  return { ...rest, check, queuedAt };
}
