import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { changeColumns, changeLayout, FIRST_FIELD } from "../../dataflow/change-layout.ts";
import {
  type Fields,
  flag,
  id,
  instant,
  integer,
  type Model,
  model,
  money,
  number,
  text,
} from "../../dataflow/model.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import { decodeValue } from "../../schemas/decoder.ts";
import { RowRecord, rowConversion, rowSchema } from "./row-record.ts";

const thing = (fields: Fields): Model => model("Thing", { from: [], fields }) as unknown as Model;
const FIELDS = {
  key: id(), note: text(), items: integer(), share: number(), open: flag(), at: instant(), fee: money(), net: money(),
}; // biome-ignore format: one look is enough
const Thing = thing(FIELDS);

const amount = fc.record({
  minor: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  currency: fc.constant("EUR"),
});
const values = fc.record({
  key: fc.option(fc.string()),
  note: fc.option(fc.string({ unit: "binary" })),
  items: fc.option(fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -99n, max: 99n }))),
  share: fc.option(fc.double()),
  open: fc.option(fc.boolean()),
  at: fc.option(fc.integer()),
  fee: fc.option(amount),
  net: fc.option(amount),
});
const head = fc.record({
  time: fc.oneof(fc.integer(), fc.constant(Number.NEGATIVE_INFINITY)),
  seed: fc.option(fc.integer()),
  major: fc.nat({ max: 2 ** 45 }),
  minor: fc.nat({ max: 2 ** 32 - 1 }),
  sub: fc.nat(),
});
type Head = typeof head extends fc.Arbitrary<infer T> ? T : never;

function rowOf(of: Model, { time, seed, major, minor, sub }: Head, fields: Readonly<Record<string, unknown>>): Batch {
  const batch = new Batch(changeLayout(of), 1);
  const change = changeColumns(batch);
  change.time.set(0, time);
  if (seed === null) change.seed.nulls[0] = 1;
  else change.seed.set(0, seed);
  for (const [column, value] of [[change.major, major], [change.minor, minor], [change.sub, sub]] as const) {
    column.set(0, value);
  } // biome-ignore format: one look is enough
  writeFields(batch, FIRST_FIELD, 0, of.fields, fields);
  batch.count = 1;
  return batch;
}

function written(of: Model, row: Batch, isLive = true): Buffer {
  const record = new RowRecord(of);
  const change = changeColumns(row);
  record.write(row, change, 0, change.time.values[0]!, isLive);
  return Buffer.from(record.out.bytes());
}

const fieldsOf = (batch: Batch) => batch.columns.slice(FIRST_FIELD).map((column) => column.get(0));

/** The fields in a record, and the record as Avro reads it by its schema. */
function readBack(of: Model, bytes: Buffer) {
  const record = new RowRecord(of);
  const batch = new Batch(changeLayout(of), 1);
  record.read(bytes, 0, bytes.length);
  record.writeHead(changeColumns(batch), 0);
  if (record.isLive) record.readFields(batch, 0);
  return { record, batch, avro: decodeValue(JSON.parse(rowSchema(of)), bytes) as Record<string, unknown> };
}

describe("the record of a row", () => {
  it("gives back what was written, and is what its schema says", () => {
    fc.assert(
      fc.property(head, values, (at, fields) => {
        const row = rowOf(Thing, at, fields);
        const { batch, avro } = readBack(Thing, written(Thing, row));
        const zero = (value: unknown) => (Object.is(value, -0) ? 0 : value);
        expect(fieldsOf(batch)).toEqual(fieldsOf(row).map(zero));
        expect(batch.row(0)).toMatchObject({
          $time: at.time,
          $seed: at.seed,
          $major: at.major,
          $minor: at.minor,
          $sub: at.sub,
        });
        expect(avro).toMatchObject({ time: at.time, seed: at.seed, major: BigInt(at.major), sub: BigInt(at.sub) });
        expect((avro.fields as typeof fields).items).toBe(fields.items);
        expect((avro.fields as typeof fields).note).toBe(fields.note);
      }),
    );
  });

  it("of a deleted row is its position alone", () => {
    const { record, avro } = readBack(
      Thing,
      written(Thing, rowOf(Thing, { time: 1, seed: null, major: 7, minor: 8, sub: 9 }, {}), false),
    );
    expect([record.isLive, record.major, record.minor, record.sub]).toEqual([false, 7, 8, 9]);
    expect(avro.fields).toBe(null);
  });

  it("tells rows of the same fields from others by its bytes", () => {
    fc.assert(
      fc.property(head, head, values, values, (at, later, one, other) => {
        const record = new RowRecord(Thing);
        const bytes = written(Thing, rowOf(Thing, at, one));
        record.read(bytes, 0, bytes.length);
        const again = rowOf(Thing, later, one);
        record.write(again, changeColumns(again), 0, later.time, true);
        expect(record.hasWrittenFields()).toBe(true);
        const changed = rowOf(Thing, later, other);
        record.write(changed, changeColumns(changed), 0, later.time, true);
        const zeroed = (row: Batch) => JSON.stringify(fieldsOf(row).map((value) => `${typeof value} ${value}`));
        expect(record.hasWrittenFields()).toBe(zeroed(changed) === zeroed(again));
      }),
    );
  });
});

describe("a record of another version of the model", () => {
  const at = { time: 5, seed: null, major: 1, minor: 2, sub: 3 };
  const before = thing({ key: id(), gone: text(), fee: money(), items: integer() });
  const never = () => expect.fail("it is compatible");
  const convert = (to: Model, bytes: Buffer): Buffer => {
    const out = new ByteWriter();
    rowConversion(rowSchema(before), to, never)!(new ByteReader(bytes), out);
    return Buffer.from(out.bytes());
  };

  it("keeps the fields that both have, has null for new ones, and drops the others", () => {
    const after = thing({ added: money(), items: integer(), key: id(), fee: money(), open: flag() });
    const fee = { minor: 12n, currency: "EUR" };
    const bytes = written(before, rowOf(before, at, { key: "7", gone: "x", fee, items: null }));
    expect(convert(after, bytes)).toEqual(written(after, rowOf(after, at, { key: "7", fee })));
  });

  it("keeps deleted rows, with their position", () => {
    const after = thing({ key: id() });
    const bytes = written(before, rowOf(before, at, {}), false);
    expect(convert(after, bytes)).toEqual(written(after, rowOf(after, at, {}), false));
  });

  it("needs no conversion where nothing changed", () => {
    expect(rowConversion(rowSchema(before), before, never)).toBe(undefined);
  });

  it("cannot be read where a field's type changed", () => {
    const incompatible = () => {
      throw new Error("incompatible");
    };
    expect(() => rowConversion(rowSchema(before), thing({ fee: text() }), incompatible)).toThrow("incompatible");
  });
});
