import type { Batch } from "../../base/batch.ts";
import type { Float64Column, Int32Column, Int64Column } from "../../base/columns.ts";
import { ADD, type ChangeColumns, changeColumns, currencyColumn } from "../../dataflow/change-layout.ts";
import type { Records } from "../../dataflow/records.ts";
import { comparePlaces } from "../row-marks.ts";
import type { RowEvidence } from "../row-set.ts";
import type { CheckInput, CheckRule, CurrencyScale, RuleLeg } from "../rule.ts";
import { isYounger } from "../whole-rows.ts";
import { FieldWriter } from "./field-writer.ts";
import {
  ENTRY_DOUBLES,
  entriesOfRow,
  hasEnd,
  inputOfRow,
  isOfSeed,
  lengthOfRow,
  MOST,
  ofSeed,
  RECORD,
  ROW,
  rowsOf,
  seedOfRow,
} from "./plain-layout.ts";

/** What `placeOf` says where a record has not the row. */
export const NOWHERE = -1;
export const OVERLAPS = -2;

/** A leg that takes rows of an input, over the batch that is read. */
interface LegColumns {
  readonly leg: number;
  readonly rule: RuleLeg;
  amount: Int64Column;
  currency: Int32Column;
}

/** For deadlines that follow from the business time alone. */
const NO_ROW = undefined as unknown as RowEvidence;

/**
 * Rows of one input of a check as plain keys take them. `read` a batch, then `look` at a row: when that gives true, what
 * it takes is in the fields, and `write` writes it down.
 */
export class PlainRows {
  /** Of the row that was looked at: its length in doubles, and its currency. */
  length = 0;
  currency = 0;
  change!: ChangeColumns;
  readonly input: number;
  readonly #stageless: ReadonlySet<number> | undefined;
  readonly #business: string | undefined;
  readonly #legs: LegColumns[];
  readonly #records: Records;
  readonly #fields: FieldWriter;
  readonly #scaleOf: (currency: number) => CurrencyScale;
  #businessTimes: Float64Column | undefined;
  #entries = 0;
  #legsWord = 0;
  readonly #amounts = new Float64Array(MOST.entries);
  readonly #dues = new Float64Array(MOST.entries);
  /** Factors of the legs by currency; and those of the currency that was looked at last. */
  readonly #knownFactors = new Map<number, readonly number[]>();
  #factorsOf = 0;
  #factors: readonly number[] = [];

  /** `scaleOf`: at which amounts of a currency are compared. */
  constructor(
    rule: CheckRule,
    input: number,
    { model, stageless }: CheckInput,
    records: Records,
    scaleOf: (currency: number) => CurrencyScale,
  ) {
    this.input = input;
    this.#stageless = stageless?.size === 0 ? undefined : stageless;
    this.#business = model.businessTime;
    this.#scaleOf = scaleOf;
    this.#records = records;
    this.#fields = new FieldWriter(model, records);
    const none = undefined as unknown as Int64Column & Int32Column;
    this.#legs = rule.legs.flatMap((leg, index) =>
      leg.input === input ? [{ leg: index, rule: leg, amount: none, currency: none }] : [],
    );
  }

  /** The rows of a batch; valid as long as the batch is. */
  read(batch: Batch): void {
    this.change = changeColumns(batch);
    this.#businessTimes = this.#business === undefined ? undefined : (batch.column(this.#business) as Float64Column);
    for (const leg of this.#legs) {
      leg.amount = batch.column(leg.rule.field!) as Int64Column;
      leg.currency = batch.column(currencyColumn(leg.rule.field!)) as Int32Column;
    }
    this.#fields.read(batch);
  }

  /** Looks whether plain keys take the row: an add, with amounts in one currency and of no great size. */
  look(row: number): boolean {
    const { change } = this;
    if (change.kind.values[row] !== ADD) return false;
    // One that stays as it was may be of a key that was forgotten.
    if (change.absent.values[row] !== 0) return false;
    const sub = change.sub.values[row]!;
    if (sub !== (sub | 0) || change.table.values[row]! > MOST.tables) return false;
    if (change.row.ends[row]! - change.row.starts[row]! > MOST.identityBytes) return false;
    if (!this.#lookAtEntries(row)) return false;
    const bytes = this.#fields.bytesOf(row) + change.row.ends[row]! - change.row.starts[row]!;
    const seed = change.seed.nulls[row] === 1 ? 0 : 1;
    this.length = ROW.entries + ENTRY_DOUBLES * this.#entries + ((bytes + 7) >> 3) + seed;
    return true;
  }

  #lookAtEntries(row: number): boolean {
    const business = this.#businessTimes;
    const businessTime =
      business === undefined || business.nulls[row] === 1 ? this.#timeOf(row) : business.values[row]!;
    let entries = 0;
    let legs = 0;
    for (let i = 0; i < this.#legs.length; i++) {
      const { leg, rule, amount, currency } = this.#legs[i]!;
      if (amount.nulls[row] === 1) {
        if (rule.takesWithoutAmount) return false;
        continue;
      }
      if (entries === MOST.entries || !amount.isSafe(row)) return false;
      const code = currency.values[row]!;
      if (entries > 0 && code !== this.currency) return false;
      this.currency = code;
      if (code !== this.#factorsOf) this.#findFactors(code);
      const minor = amount.number(row) * this.#factors[leg]!;
      if (!(Math.abs(minor) <= MOST.amount)) return false;
      this.#amounts[entries] = minor;
      const { alwaysMs } = rule.deadline;
      this.#dues[entries] =
        alwaysMs === undefined ? rule.deadline.dueAt(businessTime, NO_ROW) : businessTime + alwaysMs;
      legs |= leg << (8 * entries);
      entries++;
    }
    this.#entries = entries;
    this.#legsWord = legs;
    return entries > 0;
  }

  /** When a row was changed, or of the seed when that was taken. */
  #timeOf(row: number): number {
    const { seed, time } = this.change;
    return seed.nulls[row] === 1 ? time.values[row]! : seed.values[row]!;
  }

  /** Writes the row that was looked at, at a place in doubles. */
  write(row: number, at: number): void {
    const { words, doubles } = this.#records;
    const { change } = this;
    const entries = this.#entries;
    const identity = change.row.ends[row]! - change.row.starts[row]!;
    const word = at << 1;
    const shape = this.length | (entries << 16) | (this.input << 24);
    words[word + ROW.shape] = shape;
    if (change.seed.nulls[row] === 0) {
      words[word + ROW.shape] = ofSeed(shape);
      doubles[at + seedOfRow(shape)] = change.seed.values[row]!;
    }
    words[word + ROW.name] = change.table.values[row]! | (identity << 16);
    words[word + ROW.legs] = this.#legsWord;
    words[word + ROW.sub] = change.sub.values[row]!;
    doubles[at + ROW.time] = change.time.values[row]!;
    doubles[at + ROW.major] = change.major.values[row]!;
    doubles[at + ROW.minor] = change.minor.values[row]!;
    let entry = at + ROW.entries;
    for (let i = 0; i < entries; i++, entry += ENTRY_DOUBLES) {
      doubles[entry] = this.#amounts[i]!;
      doubles[entry + 1] = this.#dues[i]!;
    }
    this.#fields.write(row, entry << 1, change.row);
  }

  /** Whether a row is of a table without a row stage, whose repeats are told here. */
  isStageless(row: number): boolean {
    return this.#stageless?.has(this.change.table.values[row]!) === true;
  }

  /** Whether a row, of a table without a row stage, is known to a record by the same change or a newer one. */
  isRepeat(row: number, address: number): boolean {
    if (this.#stageless === undefined || !this.isStageless(row)) return false;
    const place = this.placeOf(row, address);
    if (place < 0) return false;
    const { change } = this;
    const { words, doubles } = this.#records;
    const at = (address >> 3) + place;
    const [major, minor] = [doubles[at + ROW.major]!, doubles[at + ROW.minor]!];
    const shape = words[at << 1]!;
    const seed = isOfSeed(shape) ? doubles[at + seedOfRow(shape)]! : null;
    const known = { major, minor, sub: words[(at << 1) + ROW.sub]!, time: doubles[at + ROW.time]!, seed };
    const coming = {
      major: change.major.values[row]!,
      minor: change.minor.values[row]!,
      sub: change.sub.values[row]!,
      time: change.time.values[row]!,
      seed: change.seed.nulls[row] === 1 ? null : change.seed.values[row]!,
    };
    return comparePlaces(coming, known) <= 0 && !isYounger(coming, known);
  }

  /**
   * Where a record has the row, in doubles from its address on, and it has no end; −1 where it has none such, and −2 where one
   * that was the row ended behind its time.
   */
  placeOf(row: number, address: number): number {
    const { words, doubles } = this.#records;
    const { starts, ends } = this.change.row;
    const name = this.change.table.values[row]! | ((ends[row]! - starts[row]!) << 16);
    const first = address >> 3;
    let at = first + RECORD.rows;
    for (let left = rowsOf(words[(address >> 2) + RECORD.state]!); left > 0; left--) {
      const shape = words[at << 1]!;
      const end = at + lengthOfRow(shape);
      if (inputOfRow(shape) === this.input && words[(at << 1) + ROW.name] === name && this.#isAt(row, at, shape)) {
        if (!hasEnd(shape)) return at - first;
        if (doubles[end - 1]! > this.change.time.values[row]!) return OVERLAPS;
      }
      at = end;
    }
    return NOWHERE;
  }

  /** Whether a row of a record, with a name of the same table and length, is of the same identity. Identities differ at their ends. */
  #isAt(row: number, at: number, shape: number): boolean {
    const { bytes } = this.#records;
    const { heap, starts, ends } = this.change.row;
    const start = starts[row]!;
    const identity = ((at + ROW.entries + ENTRY_DOUBLES * entriesOfRow(shape)) << 3) + this.#fields.bytes - start;
    let same = ends[row]! - 1;
    while (same >= start && bytes[identity + same] === heap[same]) same--;
    return same < start;
  }

  #findFactors(currency: number): void {
    this.#factorsOf = currency;
    let factors = this.#knownFactors.get(currency);
    if (factors === undefined) {
      factors = this.#scaleOf(currency).factors.map((factor, leg) => Number(factor) * this.#signOf(leg));
      this.#knownFactors.set(currency, factors);
    }
    this.#factors = factors;
  }

  #signOf(leg: number): number {
    return this.#legs.find((own) => own.leg === leg)?.rule.sign ?? 1;
  }
}
