import type { ColumnType } from "../base/columns.ts";
import { assert } from "../base/errors.ts";
import type { Reading } from "./resolution.ts";
import type { SchemaNode } from "./schema-tree.ts";
import { writeSkips } from "./skip-source.ts";
import { type DecoderSource, SourceWriter } from "./source-writer.ts";
import { writeValue } from "./value-source.ts";

/** What is wanted of one value: a column for it, or columns for fields of the record that it is. */
export type Target = Leaf | RecordTarget;

export interface Leaf {
  readonly kind: "leaf";
  readonly column: number;
  readonly type: ColumnType;
  /** A decimal's digits as an int64, instead of its bytes. */
  readonly unscaled: boolean;
}

export interface RecordTarget {
  readonly kind: "record";
  /** The column that says whether the record is there. */
  presence: number | undefined;
  readonly fields: Map<string, Target>;
}

/**
 * Writes the function that reads `reading` into the columns of `target`. It stops behind the last byte that is wanted,
 * so it proves that what it read is sound and within the record; only if the last field is wanted does it know that the
 * record is complete, and then bytes left over are an error too.
 */
export function decoderSource(reading: Reading, target: Target): DecoderSource {
  const stores = new Stores();
  stores.write(reading, target, true);
  return stores.out.finish(columnsOf(target), stores.readsAll);
}

class Stores {
  readonly out = new SourceWriter();
  /** False once the function may stop before the last byte. */
  readsAll = true;

  /** `last`: nothing behind this value is wanted, so that what remains of it may stay unread. */
  write(reading: Reading, target: Target, last: boolean): void {
    if (reading.kind === "unreadable") this.out.line(`fail(${this.out.constant(reading.reason)});`);
    else if (target.kind === "leaf" && target.type === "value") this.#value(reading, target.column);
    else if (reading.kind === "union")
      this.out.branches(reading.branches, (branch) => this.write(branch, target, last));
    else if (isNull(reading)) this.#absent(target);
    else if (target.kind === "leaf") this.out.line(storeOf(this.out, reading, target));
    else this.#record(reading, target, last);
  }

  #value(reading: Reading, column: number): void {
    const variable = this.out.variable();
    this.out.line(`let ${variable};`);
    writeValue(this.out, reading, variable);
    this.out.line(`c${column}.set(row, ${variable});`);
  }

  #record(reading: Reading, target: RecordTarget, last: boolean): void {
    assert(reading.kind === "record", "a record's columns are filled from a record");
    if (target.presence !== undefined) this.out.line(`c${target.presence}.set(row, 1);`);
    for (const { name, value } of reading.defaults) {
      const field = target.fields.get(name);
      if (field !== undefined) this.#constant(value, field);
    }
    const steps = reading.steps.map((step) => ({
      type: step.type,
      reads: step.reads.filter((read) => target.fields.has(read.name)),
    }));
    const lastWanted = steps.findLastIndex((step) => step.reads.length > 0);
    const end = last ? lastWanted + 1 : steps.length;
    if (end < steps.length) this.readsAll = false;
    let skipped: SchemaNode[] = [];
    steps.slice(0, end).forEach(({ type, reads }, index) => {
      if (reads.length === 0) {
        skipped.push(type);
        return;
      }
      writeSkips(this.out, skipped);
      skipped = [];
      this.out.repeatedly(reads, (read, lastRead) => {
        this.write(read.reading, target.fields.get(read.name)!, last && index === lastWanted && lastRead);
      });
    });
    writeSkips(this.out, skipped);
  }

  /** No value: null in the leaves, and false where a column says whether a record is there. */
  #absent(target: Target): void {
    if (target.kind === "leaf") {
      this.out.line(`c${target.column}.nulls[row] = 1;`);
      return;
    }
    if (target.presence !== undefined) this.out.line(`c${target.presence}.set(row, 0);`);
    for (const field of target.fields.values()) this.#absent(field);
  }

  /** A default of the reader. */
  #constant(value: unknown, target: Target): void {
    if (value === null) {
      this.#absent(target);
      return;
    }
    if (target.kind === "leaf") {
      this.out.line(constantStoreOf(this.out, value, target));
      return;
    }
    if (target.presence !== undefined) this.out.line(`c${target.presence}.set(row, 1);`);
    for (const [name, field] of target.fields) this.#constant((value as Record<string, unknown>)[name], field);
  }
}

function isNull(reading: Reading): boolean {
  return reading.kind === "scalar" && reading.writer.kind === "null";
}

/** The statement that moves a value without parts into its column. */
function storeOf(out: SourceWriter, reading: Reading, { column, unscaled }: Leaf): string {
  const put = (primitive: string, more = "") => `p = ${primitive}(c${column}, row, b, p${more});`;
  if (reading.kind === "enum") return put("putSymbol", `, ${out.constant(reading.symbols.map(encoded))}`);
  assert(reading.kind === "scalar", "a value with parts has no column of its own");
  const { writer, reader } = reading;
  switch (writer.kind) {
    case "boolean":
      return put("putBoolean");
    case "int":
    case "long":
      return put(INTEGER_STORES[reader.kind as "int" | "long" | "float" | "double"]);
    case "float":
      return put("putFloat");
    case "double":
      return put("putDouble");
    case "fixed":
      return put(unscaled ? "putUnscaledFixed" : "putFixed", `, end, ${out.integer(writer.size)}`);
    default:
      return put(unscaled ? "putUnscaledBytes" : "putBytes", ", end");
  }
}

const INTEGER_STORES = { int: "putInt", long: "putLong", float: "putLongAsFloat", double: "putLongAsDouble" };

function constantStoreOf(out: SourceWriter, value: unknown, { column, type }: Leaf): string {
  switch (type) {
    case "int64":
      return `c${column}.setBig(row, ${out.constant(value)});`;
    case "bool":
      return `c${column}.set(row, ${value === true ? 1 : 0});`;
    case "text":
      return constantStoreOf(out, encoded(value as string), { kind: "leaf", column, type: "bytes", unscaled: false });
    case "bytes":
      return `c${column}.put(row, ${out.constant(value)}, 0, ${(value as Uint8Array).length});`;
    default:
      return `c${column}.set(row, ${out.constant(value)});`;
  }
}

function encoded(text: string): Uint8Array;
function encoded(text: string | undefined): Uint8Array | undefined;
function encoded(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.from(text, "utf8");
}

function columnsOf(target: Target): number[] {
  if (target.kind === "leaf") return [target.column];
  const own = target.presence === undefined ? [] : [target.presence];
  return [...own, ...[...target.fields.values()].flatMap(columnsOf)];
}
