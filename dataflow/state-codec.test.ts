import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { AvroSchema } from "../schemas/avro-schema.ts";
import { type Fields, flag, id, idOf, instant, integer, money, number, text } from "./model.ts";
import type { StateCodec } from "./operator.ts";
import { stateCodec } from "./process/stored.ts";
import { avroCodec, fieldsCodec } from "./state-codec.ts";

const written = <T>(codec: StateCodec<T>, value: T): ByteReader => {
  const out = new ByteWriter(8);
  codec.write(value, out);
  return new ByteReader(Buffer.from(out.bytes()));
};

const all = {
  id: id(),
  text: text(),
  integer: integer(),
  number: number(),
  flag: flag(),
  instant: instant(),
  money: money(),
  fee: money(),
  fine: money({ scale: 4 }),
};

const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const amounts = fc.record({
  minor: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  currency: fc.constant("EUR"),
});
const rows = fc.record({
  id: orNull(fc.string().map(idOf)),
  text: orNull(fc.string({ unit: "grapheme" })),
  integer: orNull(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  number: orNull(fc.double()),
  flag: orNull(fc.boolean()),
  instant: orNull(fc.oneof(fc.double(), fc.constant(Number.NEGATIVE_INFINITY))),
  money: orNull(amounts),
  fee: orNull(amounts),
  fine: orNull(amounts),
});
const stored = fc.record({ since: orNull(fc.double({ noNaN: true })), fields: rows });

describe("what a codec writes it reads", () => {
  const readsBack = <T>(codec: StateCodec<T>, values: fc.Arbitrary<T>) =>
    fc.assert(
      fc.property(values, (value) => {
        const input = written(codec, value);
        expect(codec.read(input)).toEqual(value);
        expect(input.isAtEnd).toBe(true);
      }),
    );

  it("for rows of every kind of field", () => readsBack(fieldsCodec(all), rows));
  it("for values", () => readsBack(stateCodec("value", all), stored));
  it("for lists", () => readsBack(stateCodec("list", all), fc.array(stored, { maxLength: 5 })));
  it("for maps, in the order of their keys", () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string(), stored), { selector: ([key]) => key, maxLength: 5 });
    readsBack(
      stateCodec("map", all),
      entries.map((pairs) => new Map(pairs)),
    );
    fc.assert(
      fc.property(entries, (pairs) => {
        const codec = stateCodec("map", all);
        expect([...codec.read(written(codec, new Map(pairs))).keys()]).toEqual(pairs.map(([key]) => key));
      }),
    );
  });
});

/** What a state's fields were, what they are, a row of before, and what it is read as; undefined where it cannot be. */
const evolutions: readonly [string, Fields, Fields, Record<string, unknown>, Record<string, unknown> | undefined][] = [
  ["nothing changes", { a: integer() }, { a: integer() }, { a: 1n }, { a: 1n }],
  ["a field is added: null", { a: integer() }, { a: integer(), b: text() }, { a: 1n }, { a: 1n, b: null }],
  ["one in front of it too", { a: integer() }, { b: money(), a: integer() }, { a: 1n }, { b: null, a: 1n }],
  [
    "a field goes: skipped",
    { a: text(), m: money(), b: flag() },
    { b: flag() },
    { a: "x", m: eur(5n), b: true },
    { b: true },
  ],
  ["all go", { a: text() }, {}, { a: "x" }, {}],
  [
    "fields change their places",
    { a: integer(), b: text() },
    { b: text(), a: integer() },
    { a: 1n, b: "x" },
    { a: 1n, b: "x" },
  ],
  ["integer to number: promoted", { a: integer() }, { a: number() }, { a: -12n }, { a: -12 }],
  ["a null stays null", { a: integer() }, { a: number() }, { a: null }, { a: null }],
  ["past 2^53 to the nearest", { a: integer() }, { a: number() }, { a: 2n ** 53n + 1n }, { a: 2 ** 53 }],
  ["number to integer loses digits", { a: number() }, { a: integer() }, { a: 1 }, undefined],
  ["integer to text", { a: integer() }, { a: text() }, { a: 1n }, undefined],
  ["flag to integer", { a: flag() }, { a: integer() }, { a: true }, undefined],
  ["an id is no text", { a: id() }, { a: text() }, { a: "'x" }, undefined],
  ["a text is no id", { a: text() }, { a: id() }, { a: "x" }, undefined],
  ["money to integer", { a: money() }, { a: integer() }, { a: eur(5n) }, undefined],
  ["integer to money", { a: integer() }, { a: money() }, { a: 5n }, undefined],
  ["money at another scale", { a: money() }, { a: money({ scale: 4 }) }, { a: eur(5n) }, undefined],
  [
    "money from another column",
    { a: money() },
    { a: money({ column: "x", currency: "EUR" }) },
    { a: eur(5n) },
    { a: eur(5n) },
  ],
  ["one of two moneys goes", { a: money(), b: money() }, { b: money() }, { a: eur(5n), b: eur(6n) }, { b: eur(6n) }],
];

function eur(minor: bigint) {
  return { minor, currency: "EUR" };
}

describe("state of another version of the job", () => {
  it.each(evolutions)("%s", (_, before, now, row, expected) => {
    const old = fieldsCodec(before) as StateCodec<Record<string, unknown>>;
    const input = written(old, row);
    const read = fieldsCodec(now).readsFrom(old.schema);
    expect(read?.(input)).toEqual(expected);
    expect(input.isAtEnd).toBe(expected !== undefined);
  });

  it.each(evolutions)("in lists and maps: %s", (_, before, now, row, expected) => {
    const one = { since: 7, fields: row as never };
    const list = stateCodec("list", before);
    const fromList = stateCodec("list", now).readsFrom(list.schema);
    expect(fromList?.(written(list, [one, one]))).toEqual(
      expected && [1, 2].map(() => ({ since: 7, fields: expected })),
    );
    const map = stateCodec("map", before);
    const fromMap = stateCodec("map", now).readsFrom(map.schema);
    expect(fromMap?.(written(map, new Map([["k", one]])))).toEqual(
      expected && new Map([["k", { since: 7, fields: expected }]]),
    );
  });

  it("does not become another kind of state", () => {
    const kinds = ["value", "list", "map"] as const;
    for (const from of kinds) {
      const read = kinds.map((to) => stateCodec(to, all).readsFrom(stateCodec(from, all).schema) !== undefined);
      expect(read).toEqual(kinds.map((to) => to === from));
    }
  });

  it("whatever changes, what can be read can be read to its end", () => {
    const kinds = [id(), text(), integer(), number(), flag(), instant(), money(), money({ scale: 3 })];
    const fields = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom(...kinds));
    const sample = { id: "'k", text: "t", integer: 3n, number: 1.5, flag: true, instant: 7, money: eur(5n) };
    fc.assert(
      fc.property(fields, fields, fc.infiniteStream(fc.boolean()), (before, now, isNull) => {
        const entries = Object.entries(before).map(([name, { kind }]) => [
          name,
          isNull.next().value ? null : sample[kind],
        ]);
        const old = fieldsCodec(before) as StateCodec<Record<string, unknown>>;
        const read = fieldsCodec(now).readsFrom(old.schema);
        if (read === undefined) return;
        const input = written(old, Object.fromEntries(entries));
        expect(Object.keys(read(input))).toEqual(Object.keys(now));
        expect(input.isAtEnd).toBe(true);
      }),
    );
  });
});

describe("a schema of state", () => {
  it("is Avro: a record whose fields may all be null", () => {
    expect(JSON.parse(fieldsCodec({ user: id(), spent: money(), fee: money() }).schema)).toMatchObject({
      type: "record",
      fields: [
        { name: "user", type: ["null", { type: "string" }], default: null },
        { name: "spent", type: ["null", { type: "record", name: "Money" }], default: null },
        { name: "fee", type: ["null", "Money"], default: null },
      ],
    });
  });

  it.each<[AvroSchema]>([
    ["int"],
    [{ type: "fixed", name: "F", size: 2 }],
    [["string", "null"]],
    [["null", "string", "long"]],
  ])("has no %j", (schema) => expect(() => avroCodec(schema)).toThrow(expect.objectContaining({ code: "BUG" })));
});
