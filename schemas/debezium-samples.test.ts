import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { plain } from "./arbitrary-values.ts";
import { avroType } from "./avro-schema.ts";
import { type AvroSchema, compileProjection, decodeValue, describeField } from "./decoder.ts";
import { FolderRegistry } from "./folder-registry.ts";
import { parseSchema } from "./schema-tree.ts";
import { FRAME_LENGTH, schemaIdAt } from "./wire-format.ts";

const samples = new URL("../test/fixtures/cdc-samples/", import.meta.url);
const registry = new FolderRegistry(fileURLToPath(new URL("schemas", samples)));

describe.each(["mariadb", "postgres"])("the messages captured from %s", (name) => {
  const messages = lines(`${name}.jsonl`);
  const decoded = lines(`${name}.decoded.jsonl`);

  it.each(["key", "value"] as const)("have every %s decoded as it was recorded", async (part) => {
    expect(messages.length).toBe(decoded.length);
    for (const [i, message] of messages.entries()) {
      const bytes = bytesOf(message[`${part}_hex`]);
      const expected = decoded[i]![part];
      if (bytes === null) expect(expected).toBeNull();
      else expect(readable(decodeValue(await schemaOf(bytes), bytes, FRAME_LENGTH))).toEqual(expected);
    }
  });

  it.each(["key", "value"] as const)("have every %s read by avsc in the same way, longs exact", async (part) => {
    for (const [i, message] of messages.entries()) {
      const bytes = bytesOf(message[`${part}_hex`]);
      if (bytes === null) continue;
      const schema = await schemaOf(bytes);
      const value = avroType(schema, name).fromBuffer(bytes.subarray(FRAME_LENGTH));
      expect(readable(plain(parseSchema(schema, name), value))).toEqual(decoded[i]![part]);
    }
  });

  it("give up the fields of a projection, in columns", async () => {
    const paths = ["after", "op", "source.ts_ms", "ts_ns", "source.table"];
    for (const [i, message] of messages.entries()) {
      const bytes = bytesOf(message.value_hex);
      if (bytes === null) continue;
      const decoder = compileProjection(
        await schemaOf(bytes),
        paths.map((path) => ({ path })),
        name,
      );
      const batch = new Batch(decoder.layout, 1);
      decoder.decode(bytes, FRAME_LENGTH, bytes.length, batch, 0);
      const { after, op, source, ts_ns } = decoded[i]!.value;
      expect(Object.values(readable(batch.row(0)) as object)).toEqual([
        after !== null,
        op,
        source.ts_ms,
        ts_ns,
        source.table,
      ]);
    }
  });
});

describe("a Debezium schema", () => {
  it("describes its fields", async () => {
    const schema = await registry.schemaById(3);
    const decimal = {
      logicalType: "decimal",
      connectName: "org.apache.kafka.connect.data.Decimal",
      scale: 2,
      precision: 12,
    };
    expect(describeField(schema, "after.amount")).toEqual({ type: "bytes", nullable: false, ...decimal });
    expect(describeField(schema, "before")).toMatchObject({ type: "record", nullable: true });
    expect(describeField(schema, "source.snapshot")).toMatchObject({ type: "string", nullable: true });
    expect(describeField(schema, "source.ts_ns")).toEqual({ type: "long", nullable: true });
    expect(describeField(schema, "after.nothing")).toBeUndefined();
    expect(describeField(schema, "op.nothing")).toBeUndefined();
  });
});

interface Message {
  readonly key_hex: string | null;
  readonly value_hex: string | null;
}

// biome-ignore lint/suspicious/noExplicitAny: recorded JSON of many shapes
function lines(file: string): (Message & Record<string, any>)[] {
  const text = readFileSync(new URL(file, samples), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function bytesOf(hex: string | null): Buffer | null {
  return hex === null ? null : Buffer.from(hex, "hex");
}

function schemaOf(bytes: Uint8Array): Promise<AvroSchema> {
  return registry.schemaById(schemaIdAt(bytes, 0, bytes.length));
}

/** In the form of the recordings: longs as decimal text, bytes as 0x and digits. */
function readable(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readable(item)]));
}
