import { describe, expect, it } from "vitest";
import { OP } from "../../dataflow/change-layout.ts";
import { id, instant, integer, type Model, model, money, table, text } from "../../dataflow/model.ts";
import {
  decodedOf,
  type EditableEnvelope,
  edited,
  type Message,
  readAll,
  replay,
  sampleSource,
  samplesOf,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";
import type { DatabaseKind } from "./config.ts";

type Row = Record<string, unknown>;

/** A model whose tables are declared `before: full`. */
function whole<M extends Model>(staged: M): M {
  return { ...staged, from: staged.from.map((from) => ({ ...from, before: "full" })) };
}

const payment = (kind: DatabaseKind) =>
  model("Payment", {
    from: table(kind, "payments"),
    fields: { id: id(), merchant: integer("merchant_id"), amount: money({ scale: 2 }), status: text(), meta: text() },
  });
const line = (kind: DatabaseKind) =>
  model("Line", {
    from: table(kind, "settlements"),
    fields: { settlementId: id(), paymentId: id(), net: money({ column: "net_amount", currency: "EUR", scale: 4 }) },
  });
const refund = (kind: DatabaseKind) =>
  model("Refund", {
    from: table(kind, "refunds"),
    fields: { paymentId: id(), amount: money({ currency: "EUR" }), reason: text(), requestedAt: instant() },
  });

const PAIRED = ["$time", "$seed", "$row", "$major", "$minor", "$sub", "$table", "$offset"];
const samples = (kind: DatabaseKind, name: string) => samplesOf(kind).filter(({ topic }) => topic.endsWith(name));
const isBefore = (row: Row) => row.$kind === OP.before;
const pick = (row: Row, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, row[name]]));

describe.each(["mariadb", "postgresql"] as const)("rows before changes in messages of %s", (kind) => {
  it.each([
    ["payments", payment(kind)],
    ["settlements", line(kind)],
  ])("stand in front of each update and delete: %s", async (name, staged) => {
    const fields = Object.keys(staged.fields);
    const messages = samples(kind, name);
    const alone = (await replay(sampleSource(kind), [staged], messages)).rows(staged);
    const output = await replay(sampleSource(kind), [whole(staged)], messages);
    const rows = output.rows(staged);
    expect(rows.filter((row) => !isBefore(row))).toEqual(alone);
    expect(output.faults).toEqual([]);
    const known = new Map<unknown, Row>();
    let compared = 0;
    for (const [i, row] of rows.entries()) {
      if (isBefore(row)) {
        const change = rows[i + 1]!;
        expect([OP.update, OP.delete]).toContain(change.$kind);
        expect(pick(row, PAIRED)).toEqual(pick(change, PAIRED));
        const former = known.get(row.$row);
        if (former !== undefined) {
          expect(pick(row, fields), `offset ${row.$offset}`).toEqual(pick(former, fields));
          compared++;
        }
      } else {
        const needsOne = row.$kind === OP.update || row.$kind === OP.delete;
        expect(i > 0 && isBefore(rows[i - 1]!)).toBe(needsOne);
        known.set(row.$row, row);
      }
    }
    expect(compared).toBeGreaterThan(0);
  });

  it("are the same in chunks of any size", async () => {
    const staged = whole(payment(kind));
    const messages = samples(kind, "payments");
    const { tables } = sampleSource(kind);
    using log = new TemporaryLog();
    log.write(messages);
    const source = sampleSource(kind, { tables: { payments: tables.payments! } });
    const output = await readAll(log.reader(source, [staged]), 700);
    expect(output.rows(staged)).toEqual((await replay(sampleSource(kind), [staged], messages)).rows(staged));
  });

  it("are no business of other models of the table", async () => {
    const messages = samples(kind, "payments");
    const other = model("Status", { from: table(kind, "payments"), fields: { id: id(), status: text() } });
    const alone = await replay(sampleSource(kind), [other], messages);
    const output = await replay(sampleSource(kind), [whole(payment(kind)), other], messages);
    expect(output.rows(other)).toEqual(alone.rows(other));
  });

  it("are left out once each where a breaking change keeps a model from its records", async () => {
    const fee = model("Fee", {
      from: table(kind, "settlements"),
      fields: { id: id("settlement_id"), fee: money(FEE) },
    });
    const counts = await Promise.all([fee, whole(fee)].map((each) => droppedOf(kind, each)));
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[1]).toBe(counts[0]);
  });
});

describe("an update or delete of a table that is declared whole", () => {
  const staged = payment("mariadb");
  const messages = samples("mariadb", "payments");
  const decoded = decodedOf("mariadb").filter(({ topic }) => topic.endsWith("payments"));
  const updated = decoded.findIndex(({ value }) => value?.op === "u");

  async function faultsOf(at: number, edit: (envelope: EditableEnvelope) => void) {
    const damaged: Message[] = [...messages];
    damaged[at] = await edited(messages[at]!, edit);
    const output = await replay(sampleSource("mariadb"), [whole(staged)], damaged);
    const good = await replay(sampleSource("mariadb"), [whole(staged)], messages);
    const { offset } = messages[at]!;
    expect(output.rows(staged)).toEqual(good.rows(staged).filter((row) => row.$offset !== offset));
    return output.faults.map(({ code, message, fields, fieldsBefore, offset }) => ({
      code,
      message,
      fields,
      fieldsBefore,
      offset,
    }));
  }

  it("is a fault where it does not say the row before, and says what to do", async () => {
    const faults = await faultsOf(updated, (envelope) => {
      envelope.before = null;
    });
    expect(faults).toMatchObject([{ code: "ROW_BEFORE_MISSING", offset: messages[updated]!.offset }]);
    expect(faults[0]!.message).toContain(
      "A row of payments was updated, and the record does not say what it was before",
    );
    expect(faults[0]!.message).toContain("binlog_row_image = FULL");
    // Its primary key is as it was.
    expect(faults[0]!.fieldsBefore).toEqual({ Payment: { id: "2001" } });
    expect(faults[0]!.fields).toEqual({ Payment: { id: "2001" } });
  });

  it("is one fault, whichever of its rows cannot be used", async () => {
    for (const row of ["before", "after", "both"]) {
      const faults = await faultsOf(updated, ({ before, after }) => {
        if (row !== "after") before!.currency = "XXQ";
        if (row !== "before") after!.currency = "XXQ";
      });
      expect(faults).toMatchObject([{ code: "CURRENCY_UNKNOWN", fieldsBefore: { Payment: { id: "2001" } } }]);
    }
  });
});

describe("PostgreSQL's default replica identity", () => {
  const staged = refund("postgresql");

  it("is a fault of each update and delete, and hides what their keys tell", async () => {
    const messages = samples("postgresql", "refunds").slice(0, 15);
    const alone = await replay(sampleSource("postgresql"), [staged], messages);
    const changed = alone.rows(staged).filter(({ $kind }) => $kind === OP.update || $kind === OP.delete);
    const output = await replay(sampleSource("postgresql"), [whole(staged)], messages);
    expect(changed.length).toBeGreaterThan(1);
    expect(output.faults.map(({ code, offset }) => ({ code, offset }))).toEqual(
      changed.map(({ $offset }) => ({ code: "ROW_BEFORE_MISSING", offset: $offset })),
    );
    const offsets = changed.map(({ $offset }) => $offset);
    expect(output.rows(staged)).toEqual(alone.rows(staged).filter(({ $offset }) => !offsets.includes($offset)));
    // The delete names payment 0, which it knows nothing of.
    const [deleted] = output.faults.filter(({ message }) => message.includes("was deleted"));
    expect(deleted).toMatchObject({
      row: "4",
      message: expect.stringContaining("but for its key, all of it is empty"),
    });
    expect(deleted!.fields).toBeUndefined();
    expect(deleted!.fieldsBefore).toBeUndefined();
  });
});

const FEE = { currency: "EUR", scale: 2, rounding: "halfEven" } as const;

async function droppedOf(kind: DatabaseKind, each: Model): Promise<number | undefined> {
  using log = new TemporaryLog();
  log.write(samples(kind, "settlements"));
  const { tables } = sampleSource(kind);
  const reader = log.reader(sampleSource(kind, { tables: { settlements: tables.settlements! } }), [each]);
  await readAll(reader);
  return reader.dropped.get(each.name);
}
