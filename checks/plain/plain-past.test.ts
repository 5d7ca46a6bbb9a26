import { expect, it } from "vitest";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Records } from "../../dataflow/records.ts";
import { PAST, RECORD, ROW, rowsOf, STATUS, stateOf } from "./plain-layout.ts";
import { PlainPast, pastOf } from "./plain-past.ts";

/** Address of the one record. */
const ADDRESS = 64;
const NEVER = Number.POSITIVE_INFINITY;

/** One record, with rows of no fields and one entry each: of the leg and from the time given. */
function recordOf(...rows: readonly { readonly leg: number; readonly time: number }[]) {
  const memory = new ArrayBuffer(4_096);
  const [words, doubles] = [new Int32Array(memory), new Float64Array(memory)];
  const length = ROW.entries + 2;
  let bytes = (RECORD.rows + rows.length * length) << 3;
  const records = {
    ...{ words, doubles, bytes: new Uint8Array(memory) },
    lengthAt: () => bytes,
    resize: (address: number, to: number) => {
      bytes = to;
      return address;
    },
  } as unknown as Records;
  words[(ADDRESS >> 2) + RECORD.state] = stateOf(rows.length, STATUS.unjudged);
  const places = rows.map(({ leg, time }, index) => {
    const at = (ADDRESS >> 3) + RECORD.rows + index * length;
    words[at << 1] = length | (1 << 16);
    words[(at << 1) + ROW.legs] = leg;
    doubles[at + ROW.time] = time;
    return RECORD.rows + index * length;
  });
  const past = new PlainPast([{ side: "expect" }, { side: "actual" }], records);
  const judgedAt = (point: number, status: number) => {
    const state = words[(ADDRESS >> 2) + RECORD.state]!;
    doubles[(ADDRESS >> 3) + RECORD.lastPoint] = point;
    words[(ADDRESS >> 2) + RECORD.state] = stateOf(rowsOf(state), status);
  };
  const end = (row: number, time: number) => {
    past.begin(ADDRESS, true);
    past.end(ADDRESS, past.tidy(ADDRESS, 0), places[row]! + PAST.doubles, time);
  };
  return { records, past, end, judgedAt, length };
}

it("a row that ended is kept until a point behind its end was judged for good, and leaves what a ledger knows of it", () => {
  const { records, past, end, judgedAt, length } = recordOf({ leg: 0, time: 10 }, { leg: 1, time: 20 });
  judgedAt(5, STATUS.unjudged);
  end(1, 40);
  const whole = (RECORD.rows + PAST.doubles + 2 * length + 1) << 3;
  expect(past.tidy(ADDRESS, 1_000)).toBe(whole);
  judgedAt(40, STATUS.pass);
  expect(past.tidy(ADDRESS, 39), "it may still be overtaken").toBe(whole);
  const left = past.tidy(ADDRESS, 40);
  expect(left).toBe((RECORD.rows + PAST.doubles + length) << 3);
  const at = pastOf(records, ADDRESS);
  const { doubles, words } = records;
  expect([doubles[at + PAST.base], words[(at << 1) + PAST.status]]).toEqual([40, STATUS.pass]);
  expect([doubles[at + PAST.lastChange], doubles[at + PAST.lastExpected], doubles[at + PAST.lastActual]]).toEqual([
    40,
    BEFORE_ALL_TIME,
    20,
  ]);
  expect(rowsOf(words[(ADDRESS >> 2) + RECORD.state]!), "with the past").toBe(2);
  expect(doubles[at + PAST.doubles + ROW.time], "the one that is left").toBe(10);
});

it("a key with a few rows that never changed has no past, and one with many has", () => {
  const few = recordOf({ leg: 0, time: 10 }, { leg: 1, time: 20 });
  few.past.begin(ADDRESS, false);
  expect(pastOf(few.records, ADDRESS)).toBe(-1);
  const many = recordOf(...Array.from({ length: 8 }, (_, time) => ({ leg: 0, time })));
  many.past.begin(ADDRESS, false);
  expect(many.records.doubles[pastOf(many.records, ADDRESS) + PAST.base]).toBe(-NEVER);
});
