import type { ByteWriter } from "../../base/bytes.ts";
import { assert, raise } from "../../base/errors.ts";
import type { FieldNode, SchemaNode } from "../schema-tree.ts";

/** Appends a record's Avro to what was written. BUG, with the name of the field, for a value that does not fit. */
export type RecordWriter = (out: ByteWriter, record: object) => void;

/**
 * A writer of the records of a schema, compiled into one straight function: the bytes are those that avsc makes, in two
 * thirds of the time, and where they are wanted. It knows the types that contracts have: a union is that of null and one
 * type, a default has no parts.
 */
export function compileWriter(schema: SchemaNode): RecordWriter {
  const source = new WriterSource();
  source.write(schema, "record", "record");
  const body = `"use strict"; return function write(out, record) {\n${source.lines.join("\n")}\n};`;
  return new Function(
    "primitives",
    "constants",
    `const { ${Object.keys(primitives).join(", ")} } = primitives; ${body}`,
  )(primitives, source.constants);
}

/** Source text over `out`, and what it refers to. Names of fields stand in it as they are: Avro's are identifiers. */
class WriterSource {
  readonly lines: string[] = [];
  readonly constants: unknown[] = [];
  #variables = 0;

  /** Adds what writes `value`, an expression without effects; `name` is for people. */
  write(node: SchemaNode, value: string, name: string): void {
    const what = JSON.stringify(name);
    switch (node.kind) {
      case "string":
      case "bytes":
      case "int":
      case "long":
      case "boolean":
        return this.#line(`${node.kind}(out, ${value}, ${what});`);
      case "enum":
        return this.#line(`symbol(out, ${this.#constant(node.symbols)}, ${value}, ${what});`);
      case "record":
        this.#line(`if (typeof ${value} !== "object" || ${value} === null) misfit(${what}, ${value});`);
        for (const field of node.fields) this.#field(field, value);
        return;
      case "union":
        return this.#nullable(node.branches, value, name);
      case "array":
        this.#line(`if (!Array.isArray(${value})) misfit(${what}, ${value});`);
        return this.#items(value, (item) => this.write(node.items, item, name));
      case "map":
        return this.#map(node.values, value, name);
      default:
        assert(false, `a contract has no ${node.kind}`);
    }
  }

  #field({ name, type, default: standard }: FieldNode, record: string): void {
    const value = this.#variable();
    const given = `${record}.${name}`;
    if (standard === undefined) this.#line(`const ${value} = ${given};`);
    else this.#line(`const ${value} = ${given} === undefined ? ${this.#constant(plain(standard))} : ${given};`);
    this.write(type, value, name);
  }

  #nullable(branches: readonly SchemaNode[], value: string, name: string): void {
    const none = branches.findIndex(({ kind }) => kind === "null");
    assert(branches.length === 2 && none !== -1, "a union of a contract is that of null and one type");
    this.#line(`if (${value} === null) out.byte(${2 * none}); else { out.byte(${2 * (1 - none)});`);
    this.write(branches[1 - none]!, value, name);
    this.#line("}");
  }

  #map(values: SchemaNode, value: string, name: string): void {
    const [keys, what] = [this.#variable(), JSON.stringify(name)];
    this.#line(`if (typeof ${value} !== "object" || ${value} === null) misfit(${what}, ${value});`);
    this.#line(`const ${keys} = Object.keys(${value});`);
    this.#items(keys, (key) => {
      this.#line(`string(out, ${key}, ${what});`);
      this.write(values, `${value}[${key}]`, name);
    });
  }

  /** One block of items, and the empty one at the end. */
  #items(list: string, item: (each: string) => void): void {
    const [index, each] = [this.#variable(), this.#variable()];
    this.#line(`if (${list}.length > 0) out.uint(2 * ${list}.length);`);
    this.#line(`for (let ${index} = 0; ${index} < ${list}.length; ${index}++) { const ${each} = ${list}[${index}];`);
    item(each);
    this.#line("} out.byte(0);");
  }

  #line(text: string): void {
    this.lines.push(text);
  }

  #variable(): string {
    return `v${this.#variables++}`;
  }

  #constant(value: unknown): string {
    return `constants[${this.constants.push(value) - 1}]`;
  }
}

/** A longer text is left to Node, whose call costs more than so many steps of a loop. */
const SHORT_TEXT = 64;

const primitives = {
  misfit,
  string(out: ByteWriter, value: unknown, name: string): void {
    if (typeof value !== "string") misfit(name, value);
    const { length } = value;
    out.reserve(3 * length + 8);
    if (length < SHORT_TEXT) {
      const { buffer, length: at } = out;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        buffer[at + 1 + i] = code;
      }
      if (i === length) {
        buffer[at] = 2 * length;
        out.length = at + 1 + length;
        return;
      }
    }
    out.uint(2 * Buffer.byteLength(value));
    out.length += out.buffer.write(value, out.length);
  },
  bytes(out: ByteWriter, value: unknown, name: string): void {
    if (!(value instanceof Uint8Array)) misfit(name, value);
    out.uint(2 * value.length);
    out.raw(value, 0, value.length);
  },
  int(out: ByteWriter, value: unknown, name: string): void {
    if (typeof value !== "number" || (value | 0) !== value) misfit(name, value);
    out.uint(value < 0 ? -2 * value - 1 : 2 * value);
  },
  long(out: ByteWriter, value: unknown, name: string): void {
    if (!Number.isSafeInteger(value)) misfit(name, value);
    const long = value as number;
    if (Math.abs(long) < 2 ** 52) out.uint(long < 0 ? -2 * long - 1 : 2 * long);
    else out.bigint(BigInt(long));
  },
  boolean(out: ByteWriter, value: unknown, name: string): void {
    if (typeof value !== "boolean") misfit(name, value);
    out.flag(value);
  },
  symbol(out: ByteWriter, symbols: readonly string[], value: unknown, name: string): void {
    const index = symbols.indexOf(value as string);
    if (index === -1) misfit(name, value);
    out.uint(2 * index);
  },
};

function misfit(name: string, value: unknown): never {
  raise("BUG", { what: `a record that does not fit its contract: ${name} cannot be ${String(value)}` });
}

function plain(standard: unknown): unknown {
  assert(standard === null || typeof standard !== "object", "a default of a contract has no parts");
  return standard;
}
