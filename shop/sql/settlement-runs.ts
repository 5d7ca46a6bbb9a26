import { APART, type Moment, type SqlOrder } from "./sql-order.ts";
import { insertLines, type NewLine, type SqlWorld } from "./sql-world.ts";

/** The acquirer's runs: every few seconds a batch, whose lines, of several orders, are written by one statement. */
export class SettlementRuns {
  readonly #world: SqlWorld;
  readonly #startMs: number;
  readonly #runs = new Map<number, NewLine[]>();
  readonly #done = new Map<number, Moment>();

  constructor(world: SqlWorld, startMs: number) {
    this.#world = world;
    this.#startMs = startMs;
  }

  /** Puts an order's line into the first run from a time on, and gives the time of that run. */
  add(order: SqlOrder, total: number, from: number): number {
    const run = Math.ceil((from - this.#startMs) / APART);
    const at = this.#startMs + run * APART;
    const rows = this.#runs.get(run) ?? [];
    this.#runs.set(run, rows);
    rows.push(order.line(total, this.#world.sharedBatch(run), rows.length + 1, at + 2 * APART));
    return at;
  }

  /** Books the runs that are due by now, each in a transaction of its own. */
  async book(nowMs: number): Promise<void> {
    for (const [run, rows] of this.#runs) {
      if (this.#startMs + run * APART > nowMs) continue;
      this.#runs.delete(run);
      const after = Date.now();
      await this.#world.ledger.commit((on) => insertLines(on, rows));
      this.#done.set(this.#startMs + run * APART, { after, by: Date.now() });
    }
  }

  /** How late a run was, in ms; infinite for one that is not booked. */
  lateness(at: number): number {
    return (this.#done.get(at)?.by ?? Number.POSITIVE_INFINITY) - at;
  }
}
