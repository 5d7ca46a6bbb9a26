import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bigInt, dateTime, decimal, int, nullable, text } from "./column-types.ts";
import { type DecodedRecord, decodeLog, type Envelope, parseSchema } from "./decoded-log.test-helper.ts";
import { envelopeSchema, keySchema, mariaSource, postgresSource } from "./envelope.ts";
import { MemoryLog } from "./memory-log.test-helper.ts";
import { runShop } from "./shop.ts";
import { paymentsTable } from "./tables.ts";

const samples = new URL("../test/fixtures/cdc-samples/", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, samples), "utf8");
const captured = (id: number) => JSON.parse(read(`schemas/${id}.json`));

describe("schemas, compared with captured ones to the letter", () => {
  it("makes of MariaDB's table of refunds what Debezium made of it", () => {
    const columns = [
      int("id"),
      bigInt("payment_id"),
      decimal("amount", 12, 2),
      nullable(text("reason")),
      dateTime("requested_at"),
    ];
    const topic = "maria.shop.refunds";
    expect(JSON.stringify(envelopeSchema(topic, columns, mariaSource))).toBe(JSON.stringify(captured(8)));
    expect(JSON.stringify(keySchema(topic, [columns[0]!]))).toBe(JSON.stringify(captured(6)));
  });

  it("has PostgreSQL's envelope and composite key", () => {
    const expected = captured(12);
    expected.fields[0].type[1].fields = [];
    const topic = "pg.public.settlements";
    expect(JSON.stringify(envelopeSchema(topic, [], postgresSource))).toBe(JSON.stringify(expected));
    const key = [text("settlement_id"), int("line_no")];
    expect(JSON.stringify(keySchema(topic, key))).toBe(JSON.stringify(captured(11)));
  });

  it("has the column types of the captured payments", () => {
    const fields = captured(3).fields[0].type[1].fields;
    for (const name of ["id", "merchant_id", "currency", "status", "created_at"]) {
      const own = paymentsTable.columns.find((column) => column.name === name)!.field;
      expect(JSON.stringify(own)).toBe(JSON.stringify(fields.find((field: { name: string }) => field.name === name)));
    }
  });
});

describe("events, compared with captured ones", async () => {
  const log = new MemoryLog();
  await runShop({ seed: 1, orders: 400, sink: log });
  const own = decodeLog(log);

  it.each(["mariadb", "postgres"])("leaves the same fields null as %s's connector", (database) => {
    const prefix = database === "mariadb" ? "maria." : "pg.";
    const theirs = readSamples(`${database}.jsonl`);
    for (const op of ["r", "c", "u", "d"] as const) {
      const mine = own.filter(({ record, value }) => record.topic.startsWith(prefix) && value?.op === op);
      const shapes = (records: readonly Envelope[]) => new Set(records.map((value) => shapeOf(value)));
      // PostgreSQL's refunds and heartbeats have the default replica identity: no image before an update.
      const isFull = (value: Envelope) => op !== "u" || value.before !== null;
      const expected = shapes(theirs.filter((value) => value.op === op && isFull(value)));
      expect(shapes(mine.map(({ value }) => value!).filter(isFull)), `${prefix} ${op}`).toEqual(expected);
    }
  });

  it("follows every deletion with a tombstone of its key, and has tombstones nowhere else", () => {
    const deletions = own.filter(({ value }) => value?.op === "d").map(({ key }) => key);
    const tombstones = own.filter(({ value }) => value === null).map(({ key }) => key);
    expect(tombstones.length).toBeGreaterThan(0);
    expect(new Set(tombstones)).toEqual(new Set(deletions));
  });

  it("puts the record's key into its row", () => {
    for (const { key, value } of own as readonly DecodedRecord[]) {
      if (value !== null) expect(value.after ?? value.before).toMatchObject(key);
    }
  });

  it("has epoch times of one instant in all units", () => {
    for (const { value } of own) {
      if (value === null) continue;
      for (const times of [value, value.source] as Record<string, bigint>[]) {
        expect(times.ts_us! / 1000n).toBe(times.ts_ms);
        expect(times.ts_ns! / 1000n).toBe(times.ts_us);
      }
    }
  });
});

function readSamples(file: string): Envelope[] {
  const types = new Map<number, ReturnType<typeof parseSchema>>();
  return read(file)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { value_hex: string | null; value_schema_id: number })
    .flatMap(({ value_hex: hex, value_schema_id: id }) => {
      if (hex === null) return [];
      const type = types.get(id) ?? parseSchema(captured(id));
      types.set(id, type);
      return type.fromBuffer(Buffer.from(hex, "hex").subarray(5)) as Envelope;
    });
}

/** Which parts of an event are there: images as a whole, the source field by field. */
function shapeOf({ source, ...envelope }: Envelope): string {
  const filled = (part: object) => Object.entries(part).map(([name, value]) => `${name}:${value === null ? "-" : "+"}`);
  const { sequence } = source;
  const sequenceStart = typeof sequence === "string" ? sequence.replace(/\d+/g, "#").replace("null", '"#"') : "";
  return [...filled(envelope), "|", ...filled(source), sequenceStart].join(" ");
}
