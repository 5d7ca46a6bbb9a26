import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../base/random.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Entry } from "./row-set.ts";
import { type Change, WaitingChanges } from "./waiting-changes.ts";

const SKEW = 2_000;
const NEVER = Number.POSITIVE_INFINITY;

describe("changes that wait", () => {
  it.each(Array.from({ length: 24 }, (_, seed) => seed))("say what a look at all of them says (seed %i)", (seed) => {
    new Run(seededRandom(seed), seed % 2 === 0 ? 8 : 300).run();
  });

  it("are not gone through for each change, nor for each point, however many there are", () => {
    const [few, many] = [looksEach(1_000), looksEach(30_000)];
    expect(few).toBeGreaterThan(1);
    expect(many).toBeLessThan(3 * few);
  });
});

/** How often one of so many changes that wait is looked at, for each that comes and goes. */
function looksEach(size: number): number {
  let looks = 0;
  const change = (number: number): Change => {
    const entry = Object.defineProperty({}, "dueAt", {
      get() {
        looks++;
        return number + 1e9;
      },
    }) as Entry;
    const made = { isAdd: number % 2 === 1, row: `row ${number >> 1}`, entries: [entry] };
    return Object.defineProperty(made, "time", {
      get() {
        looks++;
        return number;
      },
    }) as unknown as Change;
  };
  const known = () => true;
  const waiting = new WaitingChanges(SKEW);
  for (let number = 0; number < size; number++) waiting.add(change(2 * number), known);
  looks = 0;
  for (let number = 0; number < size; number++) {
    // Some come in front of others that are there.
    waiting.add(change(2 * number + 1), known);
    waiting.take(2 * number);
    waiting.endOfRun(undefined);
    waiting.nextDeadline(2 * number);
    waiting.dropUnknown(known);
  }
  return looks / size;
}

/** Changes come and are taken, and rows are over, beside a plain list of the changes. */
class Run {
  readonly #random: Random;
  readonly #rows: number;
  readonly #waiting = new WaitingChanges(SKEW);
  #list: Change[] = [];
  readonly #known = new Set<string>();
  #point = BEFORE_ALL_TIME;

  constructor(random: Random, rows: number) {
    this.#random = random;
    this.#rows = rows;
  }

  run(): void {
    const random = this.#random;
    const adds = random.pick([0.4, 0.6, 0.95]);
    for (let step = 0; step < 400; step++) {
      if (random.chance(adds)) for (let left = random.below(40); left > 0; left--) this.#add(step);
      else if (random.chance(0.8)) this.#take(step);
      else if (random.chance(0.2)) this.#forget();
      if (random.chance(0.5)) this.#drop();
      this.#compare();
      if (step % 40 === 0) expect([...this.#waiting]).toEqual(this.#list);
    }
  }

  #add(step: number): void {
    const random = this.#random;
    const since = Math.max(0, this.#point + 1);
    const time = since + random.below(random.chance(0.5) ? 1_000 : 20_000 + step);
    const entry = () => ({ dueAt: time - 5_000 + random.below(30_000) }) as Entry;
    const entries = Array.from({ length: random.below(3) }, entry);
    const change = { time, isAdd: random.chance(0.6), row: `row ${random.below(this.#rows)}`, entries };
    this.#waiting.add(change, (row) => this.#known.has(row));
    const place = this.#list.findIndex((other) => other.time > time);
    this.#list.splice(place < 0 ? this.#list.length : place, 0, change);
  }

  #take(step: number): void {
    this.#point = Math.max(this.#point, 0) + this.#random.below(4_000 + step);
    for (let next = this.#list[0]; next !== undefined && next.time <= this.#point; next = this.#list[0]) {
      expect(this.#waiting.take(this.#point)).toBe(next);
      this.#list.shift();
      if (next.isAdd) this.#known.add(next.row);
      else if (this.#known.delete(next.row)) this.#waiting.rowEnded(next.row);
    }
    expect(this.#waiting.take(this.#point)).toBeUndefined();
  }

  #forget(): void {
    this.#known.clear();
    this.#waiting.rowsEnded();
  }

  #drop(): void {
    this.#waiting.dropUnknown((row) => this.#known.has(row));
    const coming = new Set<string>();
    this.#list = this.#list.filter(({ isAdd, row }) => {
      if (isAdd) coming.add(row);
      return isAdd || coming.has(row) || this.#known.has(row);
    });
  }

  #compare(): void {
    expect([this.#waiting.size, this.#waiting.first]).toEqual([this.#list.length, this.#list[0]]);
    expect(this.#waiting.nextDeadline(this.#point)).toBe(this.#nextDeadline());
    for (const start of [undefined, Math.max(0, this.#point) - 1_000])
      expect(this.#waiting.endOfRun(start)).toBe(this.#endOfRun(start));
  }

  #nextDeadline(): number {
    const isPoint = (point: number, time: number) => point >= time && point > this.#point;
    const dues = this.#list.flatMap(({ isAdd, time, entries }) =>
      (isAdd ? entries : []).flatMap(({ dueAt }) => (isPoint(dueAt + SKEW, time) ? [dueAt] : [])),
    );
    return Math.min(NEVER, ...dues);
  }

  #endOfRun(start: number | undefined): number | undefined {
    let end = start;
    for (const { time } of this.#list) {
      if (end !== undefined && time > end + SKEW) break;
      end = time;
    }
    return end;
  }
}
