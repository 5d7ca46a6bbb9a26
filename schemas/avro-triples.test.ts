import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import type { ErrorCode } from "../base/error-catalogue.ts";
import { isError } from "../base/errors.ts";
import { type Draw, ReaderArbitrary, SchemaArbitrary, toSchema } from "./arbitrary-avro.ts";
import { encodable, plain } from "./arbitrary-values.ts";
import { type AvroType, avroType } from "./avro-schema.ts";
import { type CompiledDecoder, compileDecoder, compileProjection, decodeValue, type Projection } from "./decoder.ts";
import { describeField, leavesOf } from "./schema-paths.ts";
import { parseSchema, type SchemaNode } from "./schema-tree.ts";

/** Triples of (writer's schema, value, reader's schema or projection); COUNTERCHECK_TRIPLES=100000 is the long run. */
const triples = Number(process.env.COUNTERCHECK_TRIPLES ?? 5_000);
const seed = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 2 ** 31);
/** Compiling costs more than decoding, so that several values go through each pair of schemas. */
const VALUES = 5;
const run = { seed, numRuns: Math.ceil(triples / (3 * VALUES)), endOnFailure: true };

describe(`random schemas and values, COUNTERCHECK_SEED=${seed}`, () => {
  it("read as avsc reads them: resolved, projected and whole", { timeout: 10_000 + triples * 10 }, () => {
    const accepted = { pairs: 0, of: 0 };
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const any = new SchemaArbitrary(draw, fc.nat, "T");
        const root = any.record(4);
        const writer = written(draw, root);
        const reader = toSchema(new ReaderArbitrary(new SchemaArbitrary(draw, fc.nat, "R")).readerOf(root));
        accepted.of++;
        if (checkResolution(writer, reader)) accepted.pairs++;
        checkProjection(writer, draw);
        for (const [i, body] of writer.bodies.entries()) expectSame(decodeValue(writer.schema, body), writer.values[i]);
      }),
      run,
    );
    expect(accepted.pairs, "most readers are ones that avsc accepts").toBeGreaterThan(accepted.of * 0.6);
  });

  it("never end in anything but a catalogued error when bodies are damaged", { timeout: 10_000 + triples * 10 }, () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const root = new SchemaArbitrary(draw, fc.nat, "T").record(4);
        const writer = written(draw, root);
        const { schema, bodies } = writer;
        const projection = compileProjection(schema, projectionsOf(writer, draw), "damaged");
        for (const body of bodies) {
          const flipped = Buffer.from(body);
          for (let n = draw(fc.nat, 3); n >= 0 && body.length > 0; n--) {
            const at = draw(fc.nat, body.length - 1);
            flipped[at] = flipped[at]! ^ (1 << draw(fc.nat, 7));
          }
          orCorrupt(() => decodeValue(schema, flipped));
          orCorrupt(() => rowOf(projection, flipped));
          const cut = draw(fc.nat, Math.max(0, body.length - 1));
          orCorrupt(() => rowOf(projection, body.subarray(0, cut)));
          if (cut < body.length) expectCorrupt(() => decodeValue(schema, body, 0, cut));
          expectCorrupt(() => decodeValue(schema, Buffer.concat([body, Buffer.of(0)])));
        }
      }),
      run,
    );
  });
});

interface Written {
  readonly schema: ReturnType<typeof toSchema>;
  readonly node: SchemaNode;
  readonly type: AvroType;
  readonly bodies: readonly Buffer[];
  readonly values: readonly unknown[];
}

function written(draw: Draw, root: SchemaNode): Written {
  const schema = toSchema(root);
  const node = parseSchema(schema, "writer");
  const type = avroType(schema, "writer");
  const bodies = Array.from({ length: VALUES }, () => type.toBuffer(encodable(draw, node)));
  return { schema, node, type, bodies, values: bodies.map((body) => plain(node, type.fromBuffer(body))) };
}

/** False where avsc refuses the reader: then ours may accept it (it judges by record), but must not break. */
function checkResolution(writer: Written, reader: ReturnType<typeof toSchema>): boolean {
  const type = avroType(reader, "reader");
  const resolver = orNothing(() => type.createResolver(writer.type));
  if (resolver === undefined) {
    const decodeAll = () => {
      const lenient = compileDecoder(writer.schema, reader, "pair");
      for (const body of writer.bodies) orCorrupt(() => rowOf(lenient, body));
    };
    expectOnly(decodeAll, ["AVRO_INCOMPATIBLE"]);
    return false;
  }
  const node = parseSchema(reader, "reader");
  const decoder = compileDecoder(writer.schema, reader, "pair");
  for (const body of writer.bodies) {
    const value = plain(node, type.fromBuffer(body, resolver));
    const row = rowOf(decoder, body);
    for (const { name } of decoder.layout) expectSame(row[name], valueAt(value, name));
  }
  return true;
}

function checkProjection(writer: Written, draw: Draw): void {
  const fields = projectionsOf(writer, draw);
  const decoder = compileProjection(writer.schema, fields, "projection");
  writer.bodies.forEach((body, i) => {
    const row = rowOf(decoder, body);
    fields.forEach(({ path, as }, column) => {
      const value = valueAt(writer.values[i], path);
      const { type } = decoder.layout[column]!;
      const isRecord = type === "bool" && describeField(writer.schema, path)?.type === "record";
      expectSame(row[path], isRecord ? value !== null : as === "unscaled" ? unscaled(value) : value);
    });
  });
}

/** Some of the leaves, and of the records around them, in any order. */
function projectionsOf({ schema, node }: Written, draw: Draw): Projection[] {
  const paths = new Set<string>();
  for (const leaf of leavesOf(node, "")) {
    for (let dot = leaf.indexOf("."); dot > 0; dot = leaf.indexOf(".", dot + 1)) paths.add(leaf.slice(0, dot));
    paths.add(leaf);
  }
  return draw(() => fc.shuffledSubarray([...paths])).map((path) => {
    const decimal = describeField(schema, path)?.logicalType === "decimal";
    return decimal && draw(fc.boolean) ? { path, as: "unscaled" } : { path };
  });
}

function unscaled(value: unknown): bigint | null {
  if (value === null) return null;
  const hex = Buffer.from(value as Uint8Array).toString("hex");
  return BigInt.asIntN(4 * hex.length, BigInt(`0x${hex}`));
}

function rowOf(decoder: CompiledDecoder, body: Uint8Array): Record<string, unknown> {
  const batch = new Batch(decoder.layout, 2);
  decoder.decode(body, 0, body.length, batch, 1);
  return batch.row(1);
}

function valueAt(value: unknown, path: string): unknown {
  return path === ""
    ? value
    : path.split(".").reduce((at, name) => (at as Record<string, unknown> | null)?.[name] ?? null, value);
}

function expectSame(ours: unknown, theirs: unknown): void {
  if (!same(ours, theirs)) expect(ours).toStrictEqual(theirs);
}

/** Equal, but for longs past 2^52 that are read as floating point: avsc rounds those, and may lose even the sign. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number" && Math.abs(a) > 2 ** 52) {
    return Math.abs(Math.abs(a / b) - 1) < 2 ** -22 || Object.is(a, b);
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  const [inA, inB] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(inA[key], inB[key]))
  );
}

function orNothing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function orCorrupt(action: () => void): void {
  expectOnly(action, ["AVRO_CORRUPT", "DECIMAL_OUT_OF_RANGE"]);
}

function expectOnly(action: () => void, codes: readonly ErrorCode[]): void {
  try {
    action();
  } catch (error) {
    if (!codes.some((code) => isError(error, code))) throw error;
  }
}

function expectCorrupt(action: () => unknown): void {
  let outcome: unknown = "no error";
  try {
    action();
  } catch (error) {
    outcome = error;
  }
  if (!isError(outcome, "AVRO_CORRUPT")) throw new Error(`AVRO_CORRUPT was expected, not ${String(outcome)}`);
}
