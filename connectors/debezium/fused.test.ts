import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { changeLayout } from "../../dataflow/change-layout.ts";
import { type Model, model, table } from "../../dataflow/model.ts";
import { type AvroSchema, avroType } from "../../schemas/avro-schema.ts";
import { schemaIdAt } from "../../schemas/wire-format.ts";
import { ArbitraryTable, fieldsOfSamples, type Sent } from "../../test/support/arbitrary-changes.ts";
import { Recorder, sampleRegistry, sampleSource, samplesOf } from "../../test/support/debezium-harness.ts";
import type { DatabaseKind } from "./config.ts";
import type { FusedDecoder } from "./fused-decoder.ts";
import type { KnownSchema } from "./fused-key.ts";
import { RowKeys } from "./row-keys.ts";
import { SplitDecoder } from "./split-decoder.ts";
import { type TableSchema, TableSchemas } from "./table-schemas.ts";

/** Tables of random columns, with random changes; COUNTERCHECK_TABLES=10000 is the long run. */
const tables = Number(process.env.COUNTERCHECK_TABLES ?? 150);
const seed = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 2 ** 31);
const run = { seed, numRuns: tables, endOnFailure: true };

/** A table all of whose records go by their plans. */
class PlannedTable extends TableSchemas {
  override fusedOf(): null {
    return null;
  }
}

/** A table that counts the records that are read without a plan. */
class CountedTable extends TableSchemas {
  plain = 0;
  readonly #counted = new Set<FusedDecoder>();

  override fusedOf(schema: TableSchema, key: KnownSchema): FusedDecoder | null {
    const fused = super.fusedOf(schema, key);
    if (fused === null || this.#counted.has(fused)) return fused;
    this.#counted.add(fused);
    const read = fused.read.bind(fused);
    fused.read = (records, i, row, head) => {
      const next = read(records, i, row, head);
      this.plain += fused.rows - row;
      return next;
    };
    return fused;
  }
}

interface Given {
  readonly kind: DatabaseKind;
  readonly models: readonly Model[];
  readonly values: ReadonlyMap<number, AvroSchema>;
  readonly keys: ReadonlyMap<number, AvroSchema>;
  readonly chunks: readonly (readonly Sent[])[];
}

/** Decodes chunks of records of a table `things`; gives all that was handed out. */
function decoded(given: Given, schemas: typeof TableSchemas) {
  const { kind, models, chunks } = given;
  const batches = new Map(models.map((each) => [each, new Batch(changeLayout(each))]));
  const source = { name: "db", kind, tables: { things: { topic: "things" } } };
  const table = new schemas(source, "things", batches);
  const keys = new RowKeys();
  for (const [id, schema] of given.values) table.add(id, schema);
  for (const [id, schema] of given.keys) keys.add(id, schema);
  const split = { topic: "things", partition: 0, table: "things", heartbeat: true };
  const decoder = new SplitDecoder({ source: "db", epochs: [1_500_000], split, index: 0, table, keys });
  const output = new Recorder();
  let offset = 0;
  for (const chunk of chunks) {
    decoder.decode(recordsOf(chunk, offset), new Map(), output);
    offset += chunk.length;
  }
  return { output, table };
}

function recordsOf(sent: readonly Sent[], offset: number): RecordBatch {
  const count = sent.length;
  const parts: Buffer[] = [];
  let at = 0;
  const place = (bytes: Uint8Array | null): [number, number] => {
    if (bytes === null) return [-1, at];
    parts.push(Buffer.from(bytes));
    at += bytes.length;
    return [at - bytes.length, at];
  };
  const keys = sent.map(({ key, value }) => [place(key), place(value)] as const);
  const column = (pick: (places: (typeof keys)[number]) => number) => Int32Array.from(keys, pick);
  return {
    topic: "things",
    partition: 0,
    count,
    buffer: Buffer.concat(parts),
    offsets: Float64Array.from(sent, (_, i) => offset + i),
    timestamps: new Float64Array(count),
    keyStarts: column(([[start]]) => start),
    keyEnds: column(([[, end]]) => end),
    valueStarts: column(([, [start]]) => start),
    valueEnds: column(([, [, end]]) => end),
    headerStarts: new Int32Array(count).fill(-1),
    headerEnds: new Int32Array(count),
  };
}

describe(`a record that is plain, COUNTERCHECK_SEED=${seed}`, () => {
  it("becomes what its schema's plan makes of it, and so do those around it", {
    timeout: 20_000 + tables * 400,
  }, () => {
    const all = { records: 0, plain: 0 };
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const kind: DatabaseKind = draw(fc.boolean) ? "mariadb" : "postgresql";
        const things = new ArbitraryTable(draw, kind);
        const models = things.fieldsOfModels().map((fields, i) => {
          return model(`Thing${i}`, { from: table("db", "things"), fields });
        });
        const chunks = things.chunks();
        const given = { kind, models, values: things.valueSchemas, keys: things.keySchemas, chunks };
        const planned = decoded(given, PlannedTable);
        const fused = decoded(given, CountedTable);
        expect(fused.output.events).toEqual(planned.output.events);
        all.records += chunks.flat().length;
        all.plain += (fused.table as CountedTable).plain;
      }),
      run,
    );
    expect(all.plain, "many records are plain").toBeGreaterThan(all.records * 0.15);
  });
});

describe.each(["mariadb", "postgresql"] as const)("the changes captured from %s", (kind) => {
  it.each(["payments", "refunds"])("are read alike, plain or not, in chunks of any size: %s", async (name) => {
    const { topic } = sampleSource(kind).tables[name]!;
    const messages = samplesOf(kind).filter((message) => message.topic === topic);
    const [values, keys] = [new Map<number, AvroSchema>(), new Map<number, AvroSchema>()];
    for (const { key, value } of messages) {
      for (const [bytes, known] of [
        [key, keys],
        [value, values],
      ] as const) {
        if (bytes === null) continue;
        const id = schemaIdAt(bytes, 0, bytes.length);
        known.set(id, await sampleRegistry().schemaById(id));
        avroType(known.get(id)!, "sample");
      }
    }

    const thing = model("Thing", { from: table("db", "things"), fields: fieldsOfSamples[name]! });
    for (const size of [1, 2, 7, 1_000]) {
      const chunks = Array.from({ length: Math.ceil(messages.length / size) }, (_, i) =>
        messages.slice(i * size, (i + 1) * size),
      );
      const given = { kind, models: [thing], values, keys, chunks };
      const planned = decoded(given, PlannedTable);
      const fused = decoded(given, CountedTable);
      expect(fused.output.events).toEqual(planned.output.events);
      expect(fused.output.rows(thing).length).toBeGreaterThan(0);
      expect((fused.table as CountedTable).plain).toBeGreaterThan(messages.length / 2);
    }
  });
});
