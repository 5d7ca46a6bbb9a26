import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Alarms, Records } from "../../dataflow/records.ts";
import { AlarmBag } from "./alarm-bag.ts";
import { memoryOf, PAST, POSTPONED, RECORD, rowsOf, STATUS, stateOf, statusOf } from "./plain-layout.ts";
import { pastOf } from "./plain-past.ts";
import type { Found, PlainPoints } from "./plain-points.ts";
import type { PlainRetention } from "./plain-retention.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Most alarms of which it is noted that nobody needs to look: 12 to 24 bytes each. */
const MOST_PASSING = 2 ** 19;

/** Keys that are planned at once, of those that were postponed, at some 4 µs each, before others have their turn. */
const PLANNED_AT_ONCE = 4_096;

/** What `PlainForesight` works on. */
export interface ForesightOptions {
  readonly records: Records;
  readonly points: PlainPoints;
  readonly retention: PlainRetention;
  /** The alarms of a name. */
  alarms(name: string): Alarms;
  /** A point was judged, or with `times` −1 was not, and nothing is to be told. */
  count(point: number, found: Found, times: 1 | -1): void;
  /** How long a key keeps its rows behind its last point, in ms. */
  readonly keepsRowsMs: number;
}

/**
 * What will be found at points of plain keys that lie ahead. Until another row comes, nothing else is found there, so a key
 * is looked at when a row comes, and not again before more is to be said of it: at the points between, alarms are counted.
 * Alarms and counts ahead are derived: `recover` sets them anew from the records.
 */
export class PlainForesight {
  readonly #records: Records;
  readonly #points: PlainPoints;
  readonly #retention: PlainRetention;
  readonly #count: ForesightOptions["count"];
  readonly #keepsRowsMs: number;
  /** Of keys that are not planned yet: instead of times, in which turn that is done. */
  readonly #postponed: Alarms;
  /** So many were postponed; and so many turns were taken since. */
  #putOff = 0;
  #turns = 0;
  /** Of points at which a key is to be looked at. */
  readonly #looks: Alarms;
  /** Those of `#looks` at which keys pass by now, because of rows that came later; and those where nothing is judged. */
  readonly #passing = new AlarmBag(MOST_PASSING);
  readonly #silent = new AlarmBag(MOST_PASSING);
  /** Of points at which it is known what is found; and of those at which it was, which say what, instead of a hash. */
  readonly #known: Readonly<Record<Found, Alarms>>;
  readonly #undone: Alarms;

  constructor({ records, points, retention, alarms, count, keepsRowsMs }: ForesightOptions) {
    this.#records = records;
    this.#points = points;
    this.#retention = retention;
    this.#count = count;
    this.#keepsRowsMs = keepsRowsMs;
    this.#postponed = alarms("postponed");
    this.#looks = alarms("looks");
    this.#known = { pass: alarms("passes"), pending: alarms("pendings") };
    this.#undone = alarms("undone");
  }

  /** A key, which is new and has a past, is planned when the others are that came before all sources had a history. */
  postpone(address: number): void {
    this.#records.doubles[(address >> 3) + RECORD.nextPoint] = POSTPONED;
    this.#postpone(this.#records.hashAt(address));
  }

  #postpone(hash: number): void {
    this.#postponed.set(Math.floor(this.#putOff++ / PLANNED_AT_ONCE), hash);
  }

  /**
   * Plans keys that were postponed; false where some are left. Nothing is judged before `floor`, which has been reached: what was
   * to be judged at a point before it, or is of the seed, is judged there. `look`: visited with those of which more is to be said
   * at that point.
   */
  planPostponed(floor: number, look: (address: number) => void): boolean {
    if (this.#putOff === 0) return true;
    const { doubles } = this.#records;
    const planFirst = (address: number): boolean => {
      if (doubles[(address >> 3) + RECORD.nextPoint] !== POSTPONED) return false;
      this.#records.changed(address);
      doubles[(address >> 3) + RECORD.nextPoint] = NEVER;
      if (this.#judgeFirst(address, floor)) this.plan(address);
      else look(address);
      return true;
    };
    this.#postponed.take(this.#turns++, (_turn, hash) => this.#records.withHash(hash, planFirst));
    if (this.#turns * PLANNED_AT_ONCE < this.#putOff) return false;
    this.#putOff = this.#turns = 0;
    return true;
  }

  /** Judges a key at the first point of all where it has one there or before; false where it is to be looked at. */
  #judgeFirst(address: number, floor: number): boolean {
    const { doubles, words } = this.#records;
    const points = this.#points;
    const first = points.sumUp(address, BEFORE_ALL_TIME);
    const isOfSeed = points.counting > 0;
    if (first > floor && !isOfSeed) return true;
    points.sumUp(address, floor);
    const found = floor === BEFORE_ALL_TIME ? null : this.#foundAt(floor, STATUS.unjudged);
    if (found === null || points.warns(address, floor)) return false;
    this.#count(floor, found, 1);
    const past = pastOf(this.#records, address);
    const state = words[(address >> 2) + RECORD.state]!;
    doubles[(address >> 3) + RECORD.lastPoint] = floor;
    words[(address >> 2) + RECORD.state] = stateOf(rowsOf(state), STATUS[found], memoryOf(state));
    // Points are told again from the rows, which do not say where the history of all sources began.
    doubles[past + PAST.base] = floor;
    words[(past << 1) + PAST.status] = STATUS[found];
    return true;
  }

  /** Visits the hashes of all keys that were postponed, which are so no more. */
  takePostponed(visit: (hash: number) => void): void {
    this.#postponed.take(NEVER, (_turn, hash) => visit(hash));
    this.#putOff = this.#turns = 0;
  }

  /** Looks ahead from a key's last point on, after a row came. */
  plan(address: number): void {
    const { doubles, words } = this.#records;
    const points = this.#points;
    const at = address >> 3;
    const hash = this.#records.hashAt(address);
    const looksAt = doubles[at + RECORD.nextPoint]!;
    if (looksAt === POSTPONED) return;
    const state = words[(address >> 2) + RECORD.state]!;
    let last = doubles[at + RECORD.lastPoint]!;
    let status = statusOf(state);
    let judged = points.sumUp(address, last);
    let point = Math.min(judged, points.nextBand);
    while (point < NEVER) {
      const isJudged = judged === point;
      judged = points.sumUp(address, point);
      const next = Math.min(judged, points.nextBand);
      const found = isJudged ? this.#foundAt(point, status) : undefined;
      const wasJudged = isJudged || status !== STATUS.unjudged;
      if (found === null || (wasJudged && points.warns(address, point))) break;
      if (found === undefined) {
        if (point === looksAt) this.#silent.add(point, hash);
      } else {
        const isNoted = found === "pass" && point === looksAt && this.#passing.add(point, hash);
        // By name, as a name that differs is looked for anew each time.
        if (!isNoted) (found === "pass" ? this.#known.pass : this.#known.pending).set(point, hash);
        last = point;
        status = found === "pass" ? STATUS.pass : STATUS.pending;
      }
      point = next;
    }
    doubles[at + RECORD.lastPoint] = last;
    doubles[at + RECORD.nextPoint] = point;
    words[(address >> 2) + RECORD.state] = stateOf(rowsOf(state), status, memoryOf(state));
    if (point === NEVER) this.#retention.plan(address);
    else if (point !== looksAt) this.#looks.set(point, hash);
  }

  /** What is found at a point, which was summed up last; null where the key is to be looked at, `status` being what was found before. */
  #foundAt(point: number, status: number): Found | null {
    const { firstWaiting, counting } = this.#points;
    // What waits for long may come behind a step of its retention.
    if (firstWaiting < NEVER && firstWaiting >= point + this.#keepsRowsMs) return null;
    // Of a key that was never judged and has nothing, nothing is said, not even that it passes.
    return counting === 0 && status === STATUS.unjudged ? null : this.#points.found();
  }

  /** A row counts from a time on, or until then: of points at or behind it nothing is known any more. */
  forgetFrom(address: number, time: number): void {
    if (this.#records.doubles[(address >> 3) + RECORD.lastPoint]! < time) return;
    this.#forget(address, (point) => point < time);
  }

  /** Nothing is known any more of points behind a time. */
  forgetBehind(address: number, through: number): void {
    if (this.#records.doubles[(address >> 3) + RECORD.lastPoint]! <= through) return;
    this.#forget(address, (point) => point <= through);
  }

  /** The first point behind a time at which it is known what is found; +∞ for none. */
  firstBehind(address: number, time: number): number {
    if (this.#records.doubles[(address >> 3) + RECORD.lastPoint]! <= time) return NEVER;
    let first = NEVER;
    this.#points.forEachKnown(address, (point) => {
      if (point > time && point < first) first = point;
    });
    return first;
  }

  /** Counts what is found at points through a time, and visits the hashes of keys that are to be looked at. */
  take(through: number, visit: (hash: number) => void): void {
    this.#known.pass.take(through, (point) => this.#count(point, "pass", 1));
    this.#known.pending.take(through, (point) => this.#count(point, "pending", 1));
    this.#undone.take(through, (point, status) => this.#count(point, status === STATUS.pass ? "pass" : "pending", -1));
    this.#looks.take(through, (point, hash) => {
      if (this.#passing.delete(point, hash)) this.#count(point, "pass", 1);
      else if (!this.#silent.delete(point, hash)) visit(hash);
    });
  }

  /** Counts nothing of the points through a time, and visits the hashes of all keys with one. */
  takeUncounted(through: number, visit: (hash: number) => void): void {
    const visitAny = (_point: number, hash: number) => visit(hash);
    this.#looks.take(through, (point, hash) => {
      if (!this.#passing.delete(point, hash)) this.#silent.delete(point, hash);
      visit(hash);
    });
    this.#known.pass.take(through, visitAny);
    this.#known.pending.take(through, visitAny);
    // At last: what visits forget would be counted once less.
    this.#undone.take(through, () => {});
  }

  /** Sets the alarms of a key, of which those through a time have been taken. */
  recover(address: number, through: number): void {
    const { doubles } = this.#records;
    const hash = this.#records.hashAt(address);
    if (doubles[(address >> 3) + RECORD.lastPoint]! > through) {
      this.#points.forEachKnown(address, (point, found) => {
        if (point > through) this.#known[found].set(point, hash);
      });
    }
    const point = doubles[(address >> 3) + RECORD.nextPoint]!;
    if (point === POSTPONED) this.#postpone(hash);
    else if (point < NEVER) this.#looks.set(point, hash);
    this.#retention.recover(address);
  }

  #forget(address: number, isKept: (point: number) => boolean): void {
    const { doubles, words } = this.#records;
    const past = pastOf(this.#records, address);
    let last = past < 0 ? BEFORE_ALL_TIME : doubles[past + PAST.base]!;
    let status: number = past < 0 ? STATUS.unjudged : words[(past << 1) + PAST.status]!;
    this.#points.forEachKnown(address, (point, found) => {
      if (isKept(point)) {
        last = point;
        status = STATUS[found];
      } else this.#undone.set(point, STATUS[found]);
    });
    const state = words[(address >> 2) + RECORD.state]!;
    doubles[(address >> 3) + RECORD.lastPoint] = last;
    words[(address >> 2) + RECORD.state] = stateOf(rowsOf(state), status, memoryOf(state));
  }
}
