import { idOf } from "../../base/hash.ts";
import type { SqliteFile } from "../../base/sqlite-file.ts";
import type { NotificationQueue } from "./notification-queue.ts";
import { MAX_ROWS, type Notice, type Storm, type StormLimits, type StormSample } from "./records.ts";
import { capped } from "./tables.ts";
import type { ToldBook } from "./told-book.ts";

/**
 * Storms: more alerts of one check for one sink within some time than anybody can read. They are told as one: the notices of
 * each are held, from those on that came within that time, until no more come for as long.
 */
export class StormBook {
  readonly #file: SqliteFile;
  readonly #queue: NotificationQueue;
  readonly #told: ToldBook;

  constructor(file: SqliteFile, queue: NotificationQueue, told: ToldBook) {
    this.#file = file;
    this.#queue = queue;
    this.#told = told;
  }

  /** Lays a notice down, held where it is of a storm. The caller's transaction makes it true with what it tells of. */
  lay(notice: Notice, at: number): void {
    const { sink, alert, check, action, storm: limits } = notice;
    if (limits === null || check === null) return this.#queue.add(notice, null, at);
    if (!OPENING.has(action)) return this.#queue.add(notice, this.#stormOfAlert(sink, alert), at);
    const storm = this.#going(sink, check) ?? this.#begin(sink, check, limits, at);
    if (storm !== null) this.#file.run("UPDATE storms SET last_at = ? WHERE id = ?", [at, storm]);
    this.#queue.add(notice, storm, at);
  }

  /** Storms that are not over, or have not been told to be. */
  going(): Storm[] {
    const sql = `SELECT id, sink, check_uid AS "check", began_at AS beganAt, last_at AS lastAt, told, told_at AS toldAt
      FROM storms WHERE is_over = 0 ORDER BY began_at, id LIMIT ?`;
    return this.#file.all<Storm>(sql, [MAX_ROWS]).map((row) => ({ ...row }));
  }

  /** How many alerts a storm has. */
  opened(storm: string): number {
    const sql = "SELECT count(*) AS opened FROM (SELECT DISTINCT alert FROM notifications WHERE storm = ?)";
    return this.#file.all<{ opened: number }>(sql, [storm])[0]!.opened;
  }

  /** How many alerts of a storm are not resolved. */
  open(storm: string): number {
    return this.#file.all<{ open: number }>(`SELECT count(*) AS open ${OPEN}`, [storm])[0]!.open;
  }

  /** What is at risk by each alert of a storm that is not resolved, one by one: there may be more than memory is for. */
  atRisk(storm: string): Iterable<{ readonly currency: string; readonly atRisk: string }> {
    return this.#file.each(`SELECT currency, at_risk AS atRisk ${OPEN}`, [storm]);
  }

  /** So many alerts of a storm that are not resolved, those with the most at risk first. */
  sample(storm: string, limit: number): StormSample[] {
    const sql = `SELECT id, key, class, currency, period, at_risk AS atRisk, verdict_version AS verdictVersion
      ${OPEN} ORDER BY CAST(at_risk AS REAL) DESC, id LIMIT ?`;
    return this.#file.all<StormSample>(sql, [storm, capped(limit)]).map((row) => ({ ...row }));
  }

  /** Lays down what tells of a storm, and notes that it does, and of how many alerts. */
  tell(storm: string, notice: Notice, opened: number, isOver: boolean, at: number): void {
    this.#file.transaction(() => {
      this.#queue.add(notice, null, at);
      const values = [opened, at, isOver ? 1 : 0, storm];
      this.#file.run("UPDATE storms SET told = ?, told_at = ?, is_over = ? WHERE id = ?", values);
    });
  }

  clear(): void {
    this.#file.run("DELETE FROM storms");
  }

  #going(sink: string, check: string): string | null {
    const sql = "SELECT id FROM storms WHERE sink = ? AND check_uid = ? AND is_over = 0";
    return this.#file.all<{ id: string }>(sql, [sink, check])[0]?.id ?? null;
  }

  /** Holds what is not told yet of those that came within the time, once there are too many. */
  #begin(sink: string, check: string, { moreThan, withinMs }: StormLimits, at: number): string | null {
    const recent = `sink = ? AND check_uid = ? AND queued_at > ? AND action IN (${OPENINGS})`;
    const values = [sink, check, at - withinMs];
    const sql = `SELECT count(*) AS count FROM notifications WHERE ${recent}`;
    if (this.#file.all<{ count: number }>(sql, values)[0]!.count < moreThan) return null;
    const id = idOf("storm", sink, check, at);
    this.#file.run("INSERT INTO storms VALUES (?, ?, ?, ?, ?, NULL, NULL, 0)", [id, sink, check, at, at]);
    const hold = "UPDATE notifications SET state = 'held', storm = ? WHERE state = 'waiting' AND attempts = 0";
    this.#file.run(`${hold} AND ${recent}`, [id, ...values]);
    const held = "SELECT alert FROM notifications WHERE storm = ?";
    this.#file.run(`${hold} AND sink = ? AND alert IN (${held})`, [id, sink, id]);
    return id;
  }

  /** Who was not told that it opened is not told what becomes of it. */
  #stormOfAlert(sink: string, alert: string): string | null {
    const sql = `SELECT storm FROM notifications WHERE alert = ? AND sink = ? AND action IN (${OPENINGS})
      ORDER BY seq DESC LIMIT 1`;
    const [opening] = this.#file.all<{ storm: string | null }>(sql, [alert, sink]);
    return opening === undefined ? this.#told.stormOf(sink, alert) : opening.storm;
  }
}

/** Alerts of a storm that are not resolved. */
const OPEN = `FROM alerts WHERE state <> 'resolved'
  AND id IN (SELECT alert FROM notifications WHERE storm = ?)`;

/** What tells that an alert is there. */
const OPENING: ReadonlySet<string> = new Set(["opened", "reopened", "warned", "returned"]);
const OPENINGS = [...OPENING].map((action) => `'${action}'`).join(", ");
