import { minutes, seconds } from "../base/time.ts";
import type { CapturedTable } from "./captured-table.ts";
import type { Postgres } from "./postgres.ts";
import type { Schedule } from "./schedule.ts";
import type { LineRow } from "./tables.ts";

const EVERY = minutes(20);

/** A run begins at most so much later than it should. */
export const RUN_DELAY = minutes(10);

/** When a line is booked and its transaction committed: what the ledger and its log say. */
export interface BookingTimes {
  readonly bookedAt: number;
  readonly committedAt: number;
}

/** The acquirer's settlement runs: every 20 minutes a batch, whose lines share a transaction. */
export class Settlement {
  /** Told of each run when its first line is planned; `rows` grows until it is booked. */
  observer: ((times: BookingTimes, rows: readonly LineRow[]) => void) | undefined;
  readonly #schedule: Schedule;
  readonly #postgres: Postgres;
  readonly #lines: CapturedTable<LineRow>;
  readonly #runs = new Map<number, LineRow[]>();
  #alone = 0;

  constructor(schedule: Schedule, postgres: Postgres, lines: CapturedTable<LineRow>) {
    this.#schedule = schedule;
    this.#postgres = postgres;
    this.#lines = lines;
  }

  /** Puts a line into the run of these times, which come from `nextRun`. */
  add(times: BookingTimes, row: LineRow): void {
    row.batch_id = `B-${compact(times.bookedAt)}`;
    const run = this.#runs.get(times.bookedAt);
    row.line_no = (run?.length ?? 0) + 1;
    if (run !== undefined) {
      run.push(row);
      return;
    }
    const rows = [row];
    this.#runs.set(times.bookedAt, rows);
    this.#schedule.at(times.committedAt, () => this.#book(times));
    this.observer?.(times, rows);
  }

  /** Books a line in a batch and a transaction of its own. */
  addAlone(times: BookingTimes, row: LineRow): void {
    row.batch_id = `X-${compact(times.bookedAt)}-${++this.#alone}`;
    row.line_no = 1;
    this.#schedule.at(times.committedAt, () => {
      this.#postgres.begin(times.committedAt);
      this.#lines.insert(row, times.bookedAt);
    });
  }

  #book(times: BookingTimes): void {
    const rows = this.#runs.get(times.bookedAt)!;
    this.#runs.delete(times.bookedAt);
    this.#postgres.begin(times.committedAt);
    for (const row of rows) this.#lines.insert(row, times.bookedAt);
  }
}

/** The first settlement run from a time on. */
export function nextRun(fromMs: number): BookingTimes {
  const run = Math.ceil(fromMs / EVERY);
  // Another delay each day: two lines are never a day apart to the second, which would make a point of judgement of one
  // coincide with a change by the other.
  const bookedAt = run * EVERY + ((seconds(37) * run) % RUN_DELAY);
  return { bookedAt, committedAt: bookedAt + 90 + (run % 13) * 67 };
}

/** A booking that is committed at a given time. */
export function bookingAt(committedAt: number): BookingTimes {
  return { bookedAt: committedAt - 35, committedAt };
}

/** `202603021420`: a time to the minute. */
function compact(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace(/\D/g, "");
}
