import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { keyOf } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import {
  ADD,
  AS_IT_WAS,
  changeColumns,
  changeLayout,
  EPOCH_UNIT,
  FIRST_FIELD,
  OP,
} from "../../dataflow/change-layout.ts";
import { flag, id, integer, type Model, model, money, number, table, text } from "../../dataflow/model.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import { SnapshotPlace } from "./snapshot-place.ts";
import { noPosition } from "./source-position.ts";
import { WholeRowStage } from "./whole-row-stage.ts";

/** A model with a field of each shape. */
const Order: Model = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), note: text(), amount: money(), items: integer(), weight: number(), gift: flag() },
});

type Values = Record<string, unknown>;

interface Change {
  readonly op: "create" | "update" | "delete" | "read" | "incremental";
  readonly row: number;
  readonly at: number;
  readonly before?: Values;
  readonly after?: Values;
  /** Fields that Debezium left out of the rows. */
  readonly absentBefore?: readonly string[];
  readonly absent?: readonly string[];
  readonly position?: readonly [number, number, number];
  readonly seed?: boolean;
}

const some = { orderId: "7", note: "a", amount: { minor: 5n, currency: "EUR" }, items: 1n, weight: 0.5, gift: true };
const other = { ...some, note: "b" };

/** What a stage says of changes, one batch for all: `+ 1 {…} @10 1/2/0`; of an add that is as it was, `=`. */
class Harness {
  readonly out: string[] = [];
  readonly events: string[] = [];
  readonly source = noPosition(0);
  snapshot = new SnapshotPlace();
  #next = 0;
  readonly #stage = new WholeRowStage(Order, {
    rows: (batch) => {
      const { row, time, major, minor, sub, kind, absent } = changeColumns(batch);
      for (let i = 0; i < batch.count; i++) {
        const place = `${major.get(i)}/${minor.get(i)}/${sub.get(i)}`;
        const isAsItWas = absent.get(i) === AS_IT_WAS;
        const sign = isAsItWas ? "=" : kind.get(i) === ADD ? "+" : "-";
        this.out.push(`${sign} ${row.get(i)} ${fieldsOf(batch, i)} @${time.get(i)} ${place}`);
        expect(absent.get(i)).toBe(isAsItWas ? AS_IT_WAS : 0);
      }
    },
    incomplete: (batch, row, before) => this.events.push(`incomplete ${changeColumns(batch).row.text(row)} ${before}`),
    snapshotAgain: (batch, row) => this.events.push(`again ${changeColumns(batch).row.text(row)}`),
    positionWentBack: (batch, row) => this.events.push(`back ${changeColumns(batch).row.text(row)}`),
  });

  push(...changes: readonly Change[]): this {
    const batch = new Batch(changeLayout(Order));
    for (const change of changes) {
      const position = change.position ?? ([1, ++this.#next, 0] as const);
      const { op, before = {}, after = {}, absent, absentBefore } = change;
      if (op === "update" || op === "delete") put(batch, change, OP.before, before, position, absentBefore);
      put(batch, change, OP[op], after, position, absent);
    }
    this.#stage.process(batch, this.source, this.snapshot);
    return this;
  }
}

function put(
  batch: Batch,
  { row, at, seed = false }: Change,
  kind: number,
  values: Values,
  [major, minor, sub]: readonly [number, number, number],
  absent: readonly string[] = [],
): void {
  const to = batch.count;
  batch.grow(to + 1);
  const meta = changeColumns(batch);
  meta.kind.set(to, kind);
  meta.time.set(to, seed ? BEFORE_ALL_TIME : at);
  if (seed) meta.seed.set(to, at);
  else meta.seed.nulls[to] = 1;
  meta.row.set(to, keyOf(row));
  meta.major.set(to, major);
  meta.minor.set(to, minor);
  meta.sub.set(to, sub);
  meta.table.set(to, 0);
  meta.offset.set(to, minor);
  const names = Object.keys(Order.fields);
  meta.absent.set(
    to,
    absent.reduce((bits, name) => bits | (1 << names.indexOf(name)), 0),
  );
  const present = Object.fromEntries(
    names.map((name) => [name, absent.includes(name) ? null : (values[name] ?? null)]),
  );
  writeFields(batch, FIRST_FIELD, to, Order.fields, present);
  batch.count = to + 1;
}

function fieldsOf(batch: Batch, row: number): string {
  return `{${batch.columns
    .slice(FIRST_FIELD)
    .map((column) => String(column.get(row)))
    .join(",")}}`;
}

const shown = (values: Values) => {
  const batch = new Batch(changeLayout(Order), 1);
  put(batch, { op: "create", row: 0, at: 0 }, OP.create, values, [0, 0, 0]);
  return fieldsOf(batch, 0);
};

describe("changes that say the whole row before them", () => {
  it("become adds and retracts with the record's position and time, retract before add", () => {
    const harness = new Harness().push(
      { op: "create", row: 1, at: 10, after: some },
      { op: "update", row: 1, at: 20, before: some, after: other },
      { op: "delete", row: 1, at: 30, before: other },
    );
    expect(harness.out).toEqual([
      `+ 1 ${shown(some)} @10 1/1/0`,
      `- 1 ${shown(some)} @20 1/2/0`,
      `+ 1 ${shown(other)} @20 1/2/0`,
      `- 1 ${shown(other)} @30 1/3/0`,
    ]);
    expect(harness.events).toEqual([]);
  });

  it("that leave the fields as they were go on as an add alone", () => {
    expect(new Harness().push({ op: "update", row: 1, at: 20, before: some, after: some }).out).toEqual([
      `= 1 ${shown(some)} @20 1/1/0`,
    ]);
  });

  it.each(Object.keys(some))("that change one field are retract and add: %s", (name) => {
    const another = {
      orderId: "8",
      note: null,
      amount: { minor: 5n, currency: "USD" },
      items: 2n,
      weight: null,
      gift: false,
    };
    const changed = { ...some, [name]: another[name as keyof typeof another] };
    const { out } = new Harness().push({ op: "update", row: 1, at: 20, before: some, after: changed });
    expect(out).toEqual([`- 1 ${shown(some)} @20 1/1/0`, `+ 1 ${shown(changed)} @20 1/1/0`]);
  });

  it("that come again go on again: whoever reads them drops them", () => {
    const change = { op: "update", row: 1, at: 20, before: some, after: other, position: [1, 1, 0] } as const;
    const { out } = new Harness().push(change, change);
    expect(out.slice(2)).toEqual(out.slice(0, 2));
  });

  it("that leave a value out have it from the row before", () => {
    const { out, events } = new Harness().push({
      op: "update",
      row: 1,
      at: 20,
      before: some,
      after: { ...other, items: 2n },
      absent: ["note", "amount"],
    });
    expect(out).toEqual([`- 1 ${shown(some)} @20 1/1/0`, `+ 1 ${shown({ ...some, items: 2n })} @20 1/1/0`]);
    expect(events).toEqual([]);
  });

  it("are told where a value is left out that is nowhere, and go nowhere", () => {
    const harness = new Harness().push(
      { op: "create", row: 1, at: 10, after: some },
      { op: "create", row: 2, at: 20, after: some, absent: ["note"] },
      { op: "update", row: 3, at: 20, before: some, after: other, absentBefore: ["note"] },
      { op: "delete", row: 4, at: 20, before: some, absentBefore: ["note"] },
      { op: "create", row: 5, at: 30, after: other },
    );
    expect(harness.events).toEqual(["incomplete 2 undefined", "incomplete 3 2", "incomplete 4 4"]);
    expect(harness.out).toEqual([`+ 1 ${shown(some)} @10 1/1/0`, `+ 5 ${shown(other)} @30 1/5/0`]);
  });

  it("say the same in whatever batches they come", () => {
    const values = fc.constantFrom<Values>(some, other, { ...some, items: null });
    const change = fc.record({
      op: fc.constantFrom("create", "update", "update", "delete", "read") as fc.Arbitrary<Change["op"]>,
      row: fc.nat(3),
      at: fc.nat(100),
      before: values,
      after: values,
      absent: fc.constantFrom<string[]>([], [], [], ["note"]),
      absentBefore: fc.constantFrom<string[]>([], [], [], ["items"]),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.integer({ min: 1, max: 30 }), (changes, size) => {
        const drawn = changes.map((one, i) => ({ ...one, position: [1, i + 1, 0] as const }));
        const [one, many] = [new Harness(), new Harness()];
        for (const each of drawn) one.push(each);
        for (let at = 0; at < drawn.length; at += size) many.push(...drawn.slice(at, at + size));
        expect(many.out).toEqual(one.out);
        expect(many.events.map(withoutRow)).toEqual(one.events.map(withoutRow));
      }),
    );
  });
});

/** The number of a row in its batch is left out. */
const withoutRow = (event: string) => event.replace(/ \d+$/, (place) => (event.startsWith("incomplete") ? "" : place));

describe("positions", () => {
  it("that go back while time goes on stop all that is behind", () => {
    const harness = new Harness().push(
      { op: "create", row: 1, at: 10, after: some, position: [9, 1, 0] },
      { op: "create", row: 2, at: 50_000, after: some, position: [1, 1, 0] },
      { op: "create", row: 3, at: 60_000, after: some, position: [9, 2, 0] },
    );
    expect(harness.events).toEqual(["back 2"]);
    expect(harness.out).toEqual([`+ 1 ${shown(some)} @10 9/1/0`]);
  });
});

describe("a snapshot that is begun anew", () => {
  const read = (row: number, minor: number, major = 1): Change => ({
    op: "read",
    row,
    at: 5,
    seed: true,
    after: some,
    position: [major, minor, 0],
  });

  it("is told by another position, by its first row", () => {
    const { events } = new Harness().push(read(1, 4), read(2, 4), read(1, 6), read(2, 6), read(2, 8));
    expect(events).toEqual(["again 1", "again 2"]);
  });

  it("is told behind changes, though no snapshot was seen", () => {
    const change = { op: "create", row: 1, at: 5, after: some, position: [1, 4, 1] } as const;
    expect(new Harness().push(change, read(2, 6)).events).toEqual(["again 2"]);
    // Said again: it lies before the change.
    expect(new Harness().push(change, read(2, 4)).events).toEqual([]);
  });

  it("is none that is incremental, whose rows go on as others do", () => {
    const part = (row: number, minor: number): Change => ({ ...read(row, minor), op: "incremental", seed: false });
    const harness = new Harness().push(read(1, 4), part(1, 6), part(2, 6), part(3, 8));
    expect(harness.events).toEqual([]);
    expect(harness.out.slice(1)).toEqual([
      `+ 1 ${shown(some)} @5 1/6/0`,
      `+ 2 ${shown(some)} @5 1/6/0`,
      `+ 3 ${shown(some)} @5 1/8/0`,
    ]);
    expect(harness.push(read(1, 10)).events).toEqual(["again 1"]);
  });

  it("is none that is read again, or by another epoch", () => {
    const { events } = new Harness()
      .push(read(1, 4), { op: "create", row: 3, at: 6, after: some, position: [1, 9, 0] })
      .push(read(1, 4), read(2, 4, 1 + EPOCH_UNIT));
    expect(events).toEqual([]);
  });

  it("is told after a restart too", () => {
    const [before, after] = [new Harness().push(read(1, 4)), new Harness()];
    const out = new ByteWriter();
    before.snapshot.save(out);
    after.snapshot.restore(new ByteReader(out.bytes()));
    expect(after.push(read(2, 4)).events).toEqual([]);
    expect(after.push(read(2, 6)).events).toEqual(["again 2"]);
  });
});
