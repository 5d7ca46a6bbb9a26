import { assert } from "../../base/errors.ts";
import { unpackCurrency } from "../../base/money.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { FieldKind } from "../../dataflow/model.ts";
import type { Records } from "../../dataflow/records.ts";
import { unjudged } from "../judge.ts";
import { Ledger } from "../ledger.ts";
import type { Entry, RowEvidence } from "../row-set.ts";
import { type CheckRule, isCapture } from "../rule.ts";
import type { LayoutMapping } from "../state-layout.ts";
import { Totals } from "../totals.ts";
import type { KeyState } from "../verdict-log.ts";
import { FIELD_WORDS, fieldWordsOf } from "./field-words.ts";
import {
  CLOSED,
  ENTRY_DOUBLES,
  entriesOfRow,
  hasEnd,
  identityBytesOf,
  inputOfRow,
  isOfSeed,
  legOfEntry,
  lengthOfRow,
  MEMORY,
  memoryOf,
  PAST,
  RECORD,
  ROW,
  rowsOf,
  STATUS,
  seedOfRow,
  statusOf,
  tableOfRow,
} from "./plain-layout.ts";
import { pastOf } from "./plain-past.ts";
import { PlainPoints } from "./plain-points.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Makes of plain keys what is known of keys that are not: their ledger, with what has been found so far. */
export class PlainReader {
  readonly #records: Records;
  readonly #rule: CheckRule;
  readonly #mapping: LayoutMapping;
  readonly #kinds: readonly (readonly FieldKind[])[];
  readonly #points: PlainPoints;
  /** Where the bytes of the next text are. */
  #text = 0;

  /** `mapping`: from the layout that the records were written in, with a skew, to that of the rule now. */
  constructor(rule: CheckRule, mapping: LayoutMapping, skewMs: number, records: Records) {
    this.#rule = rule;
    this.#mapping = mapping;
    this.#records = records;
    this.#points = new PlainPoints({ legs: mapping.written.legs, skewMs, quick: rule.quick! }, records);
    this.#kinds = mapping.written.inputs.map(({ fields }) => fields.map(({ kind }) => kind));
  }

  /** The state of the key of a record, when all points through a time have been judged. Its timers are to be registered: none is. */
  read(address: number, through: number): KeyState {
    const { words, doubles } = this.#records;
    const state = words[(address >> 2) + RECORD.state]!;
    const currency = words[(address >> 2) + RECORD.currency]!;
    let lastPoint = doubles[(address >> 3) + RECORD.lastPoint]!;
    let status = statusOf(state);
    if (lastPoint > through) {
      const past = pastOf(this.#records, address);
      lastPoint = past < 0 ? BEFORE_ALL_TIME : doubles[past + PAST.base]!;
      status = past < 0 ? STATUS.unjudged : words[(past << 1) + PAST.status]!;
      this.#points.forEachKnown(address, (point, found) => {
        if (point > through) return;
        lastPoint = point;
        status = STATUS[found];
      });
    }
    const isOfRows = memoryOf(state) === MEMORY.rows;
    const ledger = isOfRows ? this.#ledgerOfRows(address, currency, lastPoint) : this.#ledgerWithout(address, currency);
    ledger.judged = status !== STATUS.unjudged;
    const verdict = unjudged(currency, "");
    verdict.status = status === STATUS.pass ? "pass" : "pending";
    return { ledger, verdicts: { currencies: ledger.judged ? [verdict] : [] }, own: "" };
  }

  /** When the retention of a key is to look at it; +∞ where it has points behind `through`, and nothing is planned. */
  retireAt(address: number, through: number): number {
    const { doubles } = this.#records;
    const at = address >> 3;
    const isOver = doubles[at + RECORD.lastPoint]! <= through && doubles[at + RECORD.nextPoint] === NEVER;
    return isOver ? doubles[at + RECORD.retireAt]! : NEVER;
  }

  #ledgerOfRows(address: number, currency: number, lastPoint: number): Ledger {
    const { words, doubles } = this.#records;
    const ledger = new Ledger(this.#rule.skewMs, this.#rule.warnBeforeMs);
    let at = (address >> 3) + RECORD.rows;
    for (let left = rowsOf(words[(address >> 2) + RECORD.state]!); left > 0; left--) {
      const shape = words[at << 1]!;
      if (inputOfRow(shape) !== PAST.input) {
        const from = this.#evidence(at);
        const end = at + lengthOfRow(shape) - 1;
        const entries = this.#entries(at, currency, from);
        ledger.add({ time: from.time, isAdd: true, row: from.id, entries });
        // A key that waited for all sources to have a history may be closed before one of its rows ends.
        if (hasEnd(shape)) ledger.add({ time: doubles[end]!, isAdd: false, row: from.id, entries });
      }
      at += lengthOfRow(shape);
    }
    if (lastPoint > BEFORE_ALL_TIME) ledger.advance(lastPoint, BEFORE_ALL_TIME);
    this.#tellPast(address, ledger);
    return ledger;
  }

  /** What a ledger knows of rows that the record has let go of. */
  #tellPast(address: number, ledger: Ledger): void {
    const { doubles } = this.#records;
    const past = pastOf(this.#records, address);
    const lastChange = past < 0 ? BEFORE_ALL_TIME : doubles[past + PAST.lastChange]!;
    if (lastChange === BEFORE_ALL_TIME) return;
    ledger.lastChange = Math.max(lastChange, ledger.lastChange ?? BEFORE_ALL_TIME);
    ledger.lastAdded.expect = Math.max(ledger.lastAdded.expect, doubles[past + PAST.lastExpected]!);
    ledger.lastAdded.actual = Math.max(ledger.lastAdded.actual, doubles[past + PAST.lastActual]!);
  }

  /** Of a key that has let go of its rows. */
  #ledgerWithout(address: number, currency: number): Ledger {
    const { words, doubles } = this.#records;
    const at = address >> 3;
    const ledger = new Ledger(this.#rule.skewMs, this.#rule.warnBeforeMs);
    ledger.lastPoint = doubles[at + RECORD.lastPoint]!;
    ledger.lastChange = doubles[at + CLOSED.lastChange]!;
    ledger.lastAdded.expect = doubles[at + CLOSED.lastExpected]!;
    ledger.lastAdded.actual = doubles[at + CLOSED.lastActual]!;
    if (doubles[at + CLOSED.entries] === 0) ledger.close();
    else ledger.closeWith(this.#totals(at, currency));
    if (memoryOf(words[(address >> 2) + RECORD.state]!) === MEMORY.forgotten) ledger.forget();
    return ledger;
  }

  /** Sums of a closed key: all that they are of is due. */
  #totals(at: number, currency: number): Totals {
    const { doubles } = this.#records;
    const totals = new Totals(currency);
    totals.captures = doubles[at + CLOSED.captures]!;
    totals.lines = totals.dueLines = doubles[at + CLOSED.lines]!;
    totals.entries = doubles[at + CLOSED.entries]!;
    for (const [written, leg] of this.#mapping.legs.entries()) {
      const sum = BigInt(doubles[at + CLOSED.sums + written]!);
      totals.legs[leg] = sum;
      if (this.#rule.legs[leg]!.side === "expect") totals.full += sum;
      else totals.actual += sum;
    }
    totals.lower = totals.upper = totals.full;
    return totals;
  }

  #entries(at: number, currency: number, from: RowEvidence): Entry[] {
    const { words, doubles } = this.#records;
    const entries: Entry[] = [];
    const legs = words[(at << 1) + ROW.legs]!;
    const count = entriesOfRow(words[at << 1]!);
    for (let i = 0, entry = at + ROW.entries; i < count; i++, entry += ENTRY_DOUBLES) {
      const leg = this.#mapping.legs[legOfEntry(legs, i)]!;
      const rule = this.#rule.legs[leg]!;
      const { side } = rule;
      const captures = isCapture(rule);
      entries.push({ leg, side, captures, currency, minor: BigInt(doubles[entry]!), dueAt: doubles[entry + 1]!, from });
    }
    return entries;
  }

  #evidence(at: number): RowEvidence {
    const { words, doubles } = this.#records;
    const shape = words[at << 1]!;
    const name = words[(at << 1) + ROW.name]!;
    const written = inputOfRow(shape);
    const input = this.#mapping.inputs[written]!;
    const table = tableOfRow(name);
    const fieldsAt = (at + ROW.entries + ENTRY_DOUBLES * entriesOfRow(shape)) << 1;
    this.#text = (fieldsAt + fieldWordsOf(this.#kinds[written]!)) << 2;
    const row = this.#takeText(identityBytesOf(name));
    return {
      id: `${input}/${table}/${row}`,
      input,
      table,
      row,
      major: doubles[at + ROW.major]!,
      minor: doubles[at + ROW.minor]!,
      sub: words[(at << 1) + ROW.sub]!,
      time: doubles[at + ROW.time]!,
      seed: isOfSeed(shape) ? doubles[at + seedOfRow(shape)]! : null,
      fields: this.#fields(written, fieldsAt),
    };
  }

  #fields(input: number, at: number): unknown[] {
    const kinds = this.#kinds[input]!;
    const { words } = this.#records;
    let word = at + Math.ceil(kinds.length / 32);
    const written = kinds.map((kind, i) => {
      const isThere = (words[at + (i >> 5)]! & (1 << (i & 31))) !== 0;
      const value = isThere ? this.#field(kind, word) : null;
      word += FIELD_WORDS[kind];
      return value;
    });
    const places = this.#mapping.fields[input]!;
    return places.map((place) => (place < 0 ? null : written[place]));
  }

  #field(kind: FieldKind, word: number): unknown {
    const { words } = this.#records;
    switch (kind) {
      case "id":
      case "text":
        return this.#takeText(words[word]!);
      case "flag":
        return words[word] === 1;
      case "integer":
        return int64At(words, word);
      case "money":
        return { minor: int64At(words, word), currency: unpackCurrency(words[word + 2]!) };
      case "number":
      case "instant":
        scratchWords[0] = words[word]!;
        scratchWords[1] = words[word + 1]!;
        return scratchDouble[0];
    }
  }

  #takeText(length: number): string {
    const { bytes } = this.#records;
    const start = this.#text;
    this.#text += length;
    assert(this.#text <= bytes.length, "a text lies in the arena");
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("utf8");
  }
}

const scratchDouble = new Float64Array(1);
const scratchWords = new Int32Array(scratchDouble.buffer);

function int64At(words: Int32Array, word: number): bigint {
  return (BigInt(words[word + 1]!) << 32n) | BigInt(words[word]! >>> 0);
}
