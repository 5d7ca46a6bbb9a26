import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Records } from "../../dataflow/records.ts";
import { MEMORIES } from "../ledger.ts";
import { type CheckRule, isCapture } from "../rule.ts";
import type { PlainSurroundings } from "./plain-keys.ts";
import {
  CLOSED,
  ENTRY_DOUBLES,
  entriesOfRow,
  hasEnd,
  legOfEntry,
  lengthOfRow,
  MEMORY,
  memoryOf,
  PAST,
  RECORD,
  ROW,
  rowsOf,
  stateOf,
  statusOf,
} from "./plain-layout.ts";
import { pastOf } from "./plain-past.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Ends the lives of plain keys, as `Retention` those of others: from rows to what they came to, to a name, to nothing. */
export class PlainRetention {
  readonly #around: PlainSurroundings;
  readonly #records: Records;
  /** By leg. */
  readonly #expects: readonly boolean[];
  readonly #captures: readonly boolean[];
  readonly #sums: Float64Array;
  /** How long behind its last point a key takes its next step, by what is left of it. */
  readonly #steps: readonly number[];

  constructor({ legs }: CheckRule, around: PlainSurroundings) {
    this.#around = around;
    this.#records = around.records;
    this.#expects = legs.map(({ side }) => side === "expect");
    this.#captures = legs.map(isCapture);
    this.#steps = MEMORIES.map((memory) => around.stepsAfter(memory));
    this.#sums = new Float64Array(legs.length);
  }

  /** When a key takes its next step, if nothing comes behind its last point; +∞ before the first. */
  stepOf(address: number): number {
    const lastPoint = this.#records.doubles[(address >> 3) + RECORD.lastPoint]!;
    if (lastPoint === BEFORE_ALL_TIME) return NEVER;
    return lastPoint + this.#steps[memoryOf(this.#records.words[(address >> 2) + RECORD.state]!)]!;
  }

  /** A key of which nothing more is to be said is looked at again when its next step is due. */
  plan(address: number): void {
    const { doubles } = this.#records;
    const at = address >> 3;
    // An alarm that is set already looks at the key again and plans anew: one a key is enough.
    if (doubles[at + RECORD.retireAt]! < NEVER) return;
    const step = this.stepOf(address);
    doubles[at + RECORD.retireAt] = step;
    this.#around.retirements.set(step, this.#records.hashAt(address));
  }

  /** Sets the alarm of a key for which there is a plan. */
  recover(address: number): void {
    const step = this.#records.doubles[(address >> 3) + RECORD.retireAt]!;
    if (step < NEVER) this.#around.retirements.set(step, this.#records.hashAt(address));
  }

  /** Takes a step that is due; false where it is not time. */
  retire(address: number, through: number): boolean {
    const { doubles } = this.#records;
    const planned = doubles[(address >> 3) + RECORD.retireAt]!;
    if (planned > through) return false;
    this.#records.changed(address);
    doubles[(address >> 3) + RECORD.retireAt] = NEVER;
    if (doubles[(address >> 3) + RECORD.nextPoint]! < NEVER) return true;
    if (this.stepOf(address) > planned) this.plan(address);
    else this.#step(address);
    return true;
  }

  #step(address: number): void {
    const { words } = this.#records;
    const at = (address >> 2) + RECORD.state;
    const state = words[at]!;
    switch (memoryOf(state)) {
      case MEMORY.rows:
        return this.plan(this.#close(address));
      case MEMORY.closed:
        words[at] = stateOf(0, statusOf(state), MEMORY.forgotten);
        return this.plan(address);
      default:
        this.#records.remove(address);
    }
  }

  /** Lets go of the rows, all of which are due or over, and keeps what they came to. */
  #close(address: number): number {
    const { words, doubles } = this.#records;
    const state = words[(address >> 2) + RECORD.state]!;
    const sums = this.#sums.fill(0);
    const past = pastOf(this.#records, address);
    let lastExpected = past < 0 ? BEFORE_ALL_TIME : doubles[past + PAST.lastExpected]!;
    let lastActual = past < 0 ? BEFORE_ALL_TIME : doubles[past + PAST.lastActual]!;
    let lastChange = BEFORE_ALL_TIME;
    let captures = 0;
    let lines = 0;
    let entries = 0;
    let at = (address >> 3) + RECORD.rows;
    for (let left = rowsOf(state); left > 0; left--) {
      const shape = words[at << 1]!;
      const row = at;
      at += lengthOfRow(shape);
      const time = doubles[row + ROW.time]!;
      const isOver = hasEnd(shape);
      lastChange = Math.max(lastChange, isOver ? doubles[at - 1]! : time);
      for (let i = 0; i < entriesOfRow(shape); i++) {
        const leg = legOfEntry(words[(row << 1) + ROW.legs]!, i);
        const isExpected = this.#expects[leg]!;
        if (isExpected) lastExpected = Math.max(lastExpected, time);
        else lastActual = Math.max(lastActual, time);
        if (isOver) continue;
        sums[leg]! += doubles[row + ROW.entries + i * ENTRY_DOUBLES]!;
        entries++;
        if (this.#captures[leg]!) captures++;
        if (!isExpected) lines++;
      }
    }
    const to = this.#records.resize(address, (CLOSED.sums + sums.length) << 3);
    const closed = to >> 3;
    words[(to >> 2) + RECORD.state] = stateOf(0, statusOf(state), MEMORY.closed);
    doubles[closed + CLOSED.lastChange] = lastChange;
    doubles[closed + CLOSED.lastExpected] = lastExpected;
    doubles[closed + CLOSED.lastActual] = lastActual;
    doubles[closed + CLOSED.captures] = captures;
    doubles[closed + CLOSED.lines] = lines;
    doubles[closed + CLOSED.entries] = entries;
    doubles.set(sums, closed + CLOSED.sums);
    return to;
  }
}
