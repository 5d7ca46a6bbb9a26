import type { Random } from "../../base/random.ts";
import { days, hours, minutes } from "../../base/time.ts";
import type { Department, DepartmentContext, DepartmentSpec, DepartmentTruth } from "../department.ts";
import { END_MS, START_MS } from "../terms.ts";
import { Book } from "./book.ts";
import { type Deed, faults, lookAlikes } from "./faults.ts";
import type { BookRow } from "./tables.ts";

/** Rows of each of the two tables for each order of the shop. */
const ROWS = 0.2;
/** Share of the rows that each kind of deed is done to; at least two. */
const SHARE = 0.01;
/** When the first row is written, and in which time all are. */
const FIRST_MS = START_MS - days(3);
const SPAN = days(9);

/** The books, which are audited: who wrote, whether it was approved, and whether rows changed as they may (D of the semantics). */
export const manualChanges: DepartmentSpec = { name: "manual-changes", open: (context) => new ManualChanges(context) };

class ManualChanges implements Department {
  readonly #books: readonly Book[];
  readonly #random: Random;
  readonly #rows: number;
  readonly #goesWrong: boolean;
  readonly #counts: Record<string, number> = { auditContextLast: 0 };

  constructor({ world, random, orders, faults: goesWrong }: DepartmentContext) {
    world.provideTransactions();
    const approvals = Book.approvalsOf(world);
    this.#books = [new Book(world, "maria", approvals), new Book(world, "postgres", approvals)];
    this.#random = random;
    this.#goesWrong = goesWrong;
    this.#rows = Math.ceil(orders * ROWS);
    for (const name of Object.keys(lookAlikes)) this.#counts[name] = 0;
  }

  begin(): void {
    for (const book of this.#books) {
      const cast = this.#cast(this.#random.fork(`cast/${book.check}`));
      for (let index = 0; index < this.#rows; index++) this.#live(book, index, cast.get(index));
    }
  }

  truth(): DepartmentTruth {
    return { faults: this.#books.flatMap((book) => book.faults), lookAlikes: this.#counts };
  }

  /** What is done to which row, by the row's number: to those that are written after the snapshots. */
  #cast(random: Random): Map<number, string> {
    const first = Math.ceil((this.#rows * (START_MS - FIRST_MS)) / SPAN) + 1;
    const free = Array.from({ length: Math.max(0, this.#rows - first) }, (_, i) => first + i);
    const each = Math.max(2, Math.round(this.#rows * SHARE));
    const names = [...(this.#goesWrong ? Object.keys(faults) : []), ...Object.keys(lookAlikes)];
    const cast = new Map<number, string>();
    for (let round = 0; round < each; round++) {
      for (const name of names) {
        if (free.length === 0) return cast;
        cast.set(free.splice(random.below(free.length), 1)[0]!, name);
      }
    }
    return cast;
  }

  /** A row is written, changed, posted and settled by the application; then what was cast for it is done. */
  #live(book: Book, index: number, deed: string | undefined): void {
    const random = this.#random.fork(`${book.check}/${index}`);
    const row: BookRow = {
      id: 1000 + index,
      account: `A${random.below(50)}`,
      amount: 10_000 + random.below(500_000),
      currency: random.pick(["EUR", "USD", "GBP"]),
      status: "open",
      version: 1,
      updated_at: 0,
    };
    const times = stepsFrom(FIRST_MS + (SPAN * index) / this.#rows, random);
    const step = (at: number, work: (statementMs: number) => void) => {
      const isLast = random.chance(0.4);
      if (isLast && at > START_MS) this.#counts.auditContextLast!++;
      book.at(at, () => book.write(at, isLast ? "last" : "first", work));
    };
    if (deed === undefined) book.plain.push(row);
    step(times[0], (ms) => book.rows.insert(Object.assign(row, { updated_at: book.timestamp(ms) }), ms));
    step(times[1], (ms) => book.update(row, { amount: row.amount + 100 }, ms));
    step(times[2], (ms) => book.update(row, { status: "posted" }, ms));
    step(times[3], (ms) => book.update(row, { status: "settled" }, ms));
    if (deed !== undefined) book.at(times[4], () => this.#do(book, row, times[4], deed));
  }

  #do(book: Book, row: BookRow, timeMs: number, name: string): void {
    if (timeMs > END_MS - hours(4)) return;
    const known: Deed | undefined = lookAlikes[name];
    if (known === undefined) faults[name]!(book, row, timeMs);
    else if (known(book, row, timeMs)) this.#counts[name]!++;
  }
}

type Times = [written: number, changed: number, posted: number, settled: number, after: number];

function stepsFrom(firstMs: number, random: Random): Times {
  const times = [Math.round(firstMs)];
  for (let step = 1; step <= 4; step++) times.push(times[step - 1]! + hours(1) + random.below(hours(4)) + minutes(1));
  return times as Times;
}
