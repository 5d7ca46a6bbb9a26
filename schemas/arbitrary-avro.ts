import type fc from "fast-check";
import type { AvroSchema } from "./avro-schema.ts";
import type {
  EnumNode,
  FieldNode,
  FixedNode,
  PrimitiveKind,
  RecordNode,
  SchemaNode,
  UnionNode,
} from "./schema-tree.ts";

/** Draws from arbitraries, as `fc.gen()` hands it out. */
export type Draw = fc.GeneratorValue;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NUMBERS = ["int", "long", "float", "double"] as const;
const PRIMITIVES = ["null", "boolean", "string", "bytes", ...NUMBERS] as const;
const PROMOTIONS: Readonly<Record<string, readonly PrimitiveKind[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};
/** Names that a decoder which pastes names into code would trip over. avsc itself fails on `toString` and its like. */
const FIELD_NAMES = ["b", "p", "end", "row", "k0", "c0", "return", "values", "amount", "ts_ms", "Ab_1", "_"] as const;

/** Random schemas (for tests): every type, named types used again, records that contain themselves. */
export class SchemaArbitrary {
  readonly #draw: Draw;
  readonly #integers: typeof fc.nat;
  readonly #prefix: string;
  readonly #namespace: string;
  readonly #reusable: SchemaNode[] = [];
  readonly #open: RecordNode[] = [];
  #names = 0;

  /** Names start with `prefix`, so that those of two instances differ. */
  constructor(draw: Draw, nat: typeof fc.nat, prefix: string) {
    this.#draw = draw;
    this.#integers = nat;
    this.#prefix = prefix;
    this.#namespace = this.below(2) === 0 ? "" : "shop.pay.";
  }

  below(limit: number): number {
    return this.#draw(this.#integers, limit - 1);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  record(depth: number): RecordNode {
    const fields: FieldNode[] = [];
    const record: RecordNode = { kind: "record", ...this.#named(), fields, recursive: false };
    this.#open.push(record);
    const names = shuffled(this, FIELD_NAMES).slice(0, this.below(7));
    for (const name of names) fields.push({ name, aliases: [], type: this.node(depth - 1), default: undefined });
    this.#open.pop();
    this.#reusable.push(record);
    return record;
  }

  node(depth: number): SchemaNode {
    const choice = this.below(depth > 0 ? 18 : 10);
    if (choice < 8) return { kind: PRIMITIVES[choice]! };
    if (choice === 8) return { kind: "bytes", logicalType: "decimal", precision: 18, scale: this.below(5) };
    if (choice === 9) return { kind: "long", logicalType: "timestamp-millis" };
    if (choice === 10) return this.#fixed();
    if (choice === 11) return this.#enum();
    if (choice === 12) return { kind: "array", items: this.node(depth - 1) };
    if (choice === 13) return { kind: "map", values: this.node(depth - 1) };
    if (choice === 14) return this.record(depth);
    if (choice === 15 && this.#reusable.length > 0) return this.pick(this.#reusable);
    if (choice === 16 && this.#open.length > 0) return this.#recursion(this.pick(this.#open));
    return this.#union(depth);
  }

  #recursion(record: RecordNode): SchemaNode {
    const shape = this.below(3);
    if (shape === 0) return { kind: "array", items: record };
    return shape === 1 ? { kind: "map", values: record } : { kind: "union", branches: [{ kind: "null" }, record] };
  }

  #union(depth: number): UnionNode {
    const some = <T>(items: readonly T[]) => items.filter(() => this.below(3) === 0);
    const branches: SchemaNode[] = [
      // Numbers in the order of promotion: avsc takes the first branch that can hold a value, not the same type.
      ...some(["boolean", ...NUMBERS] as const).map((kind) => ({ kind })),
      ...some([this.pick(["string", "bytes"] as const)]).map((kind) => ({ kind })),
    ];
    if (this.below(2) === 0)
      branches.push(this.pick([() => this.#fixed(), () => this.#enum(), () => this.record(depth - 1)])());
    if (this.below(4) === 0) branches.push({ kind: "array", items: this.node(depth - 2) });
    if (branches.length === 0) branches.push({ kind: "map", values: this.node(depth - 2) });
    if (this.below(4) > 0) branches.splice(this.below(branches.length + 1), 0, { kind: "null" });
    return { kind: "union", branches };
  }

  #fixed(): FixedNode {
    const node: FixedNode = { kind: "fixed", ...this.#named(), size: this.below(10) };
    this.#reusable.push(node);
    return node;
  }

  #enum(): EnumNode {
    const node: EnumNode = { kind: "enum", ...this.#named(), symbols: ["A", "B", "C", "D"].slice(this.below(4)) };
    this.#reusable.push(node);
    return node;
  }

  #named() {
    return { name: `${this.#namespace}${this.#prefix}${this.#names++}`, aliases: [] };
  }
}

/**
 * A reader's schema for what a writer's schema wrote (for tests): fields dropped, added with defaults, renamed with
 * aliases and in another order, types promoted, renamed and made nullable, symbols added and dropped.
 */
export class ReaderArbitrary {
  readonly #any: SchemaArbitrary;
  readonly #known = new Map<SchemaNode, SchemaNode>();

  constructor(any: SchemaArbitrary) {
    this.#any = any;
  }

  readerOf(writer: SchemaNode, inUnion = false): SchemaNode {
    const known = this.#known.get(writer);
    if (known !== undefined) return known;
    const nullable = !inUnion && writer.kind !== "union" && writer.kind !== "null" && this.#any.below(8) === 0;
    const inner = this.#evolved(writer, inUnion);
    return nullable ? { kind: "union", branches: [{ kind: "null" }, inner] } : inner;
  }

  #evolved(writer: SchemaNode, inUnion: boolean): SchemaNode {
    switch (writer.kind) {
      case "array":
        return { kind: "array", items: this.readerOf(writer.items) };
      case "map":
        return { kind: "map", values: this.readerOf(writer.values) };
      case "union":
        return { kind: "union", branches: writer.branches.map((branch) => this.readerOf(branch, true)) };
      case "fixed":
        return this.#remember(writer, { ...writer, ...this.#renamed(writer) });
      case "enum":
        return this.#remember(writer, { ...writer, ...this.#renamed(writer), ...this.#symbols(writer) });
      case "record":
        return this.#record(writer);
      default:
        return inUnion || writer.logicalType !== undefined ? writer : this.#promoted(writer);
    }
  }

  #remember<T extends SchemaNode>(writer: SchemaNode, reader: T): T {
    this.#known.set(writer, reader);
    return reader;
  }

  #renamed({ name }: { readonly name: string }) {
    return this.#any.below(6) === 0 ? { name: `${name}x`, aliases: [name] } : { name, aliases: [] };
  }

  #symbols({ symbols }: EnumNode): Partial<EnumNode> {
    const change = this.#any.below(4);
    if (change === 0) return { symbols: ["NEW", ...symbols] };
    if (change === 1 && symbols.length > 1) return { symbols: symbols.slice(1), default: symbols.at(-1)! };
    return {};
  }

  #promoted(writer: SchemaNode): SchemaNode {
    if (this.#any.below(3) > 0) return writer;
    const wider = PROMOTIONS[writer.kind];
    return wider === undefined ? writer : { kind: this.#any.pick(wider) };
  }

  #record(writer: RecordNode): RecordNode {
    const fields: FieldNode[] = [];
    const reader: Mutable<RecordNode> = { ...writer, ...this.#renamed(writer), fields };
    this.#remember(writer, reader);
    for (const field of writer.fields) {
      if (this.#any.below(6) === 0) continue;
      const type = this.readerOf(field.type);
      if (this.#any.below(6) > 0) fields.push({ ...field, type });
      else fields.push({ name: `${field.name}_now`, aliases: ["unknown", field.name], type, default: undefined });
    }
    for (let added = this.#any.below(3); added > 0; added--) {
      const type = this.#any.node(1);
      fields.push({ name: `added${added}`, aliases: [], type, default: jsonDefault(type) });
    }
    reader.fields = shuffled(this.#any, fields);
    return reader;
  }
}

function shuffled<T>(any: SchemaArbitrary, items: readonly T[]): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(any.below(rest.length), 1)[0]!);
}

/** A default for a type, in its JSON form, with characters that no source text would survive unquoted. */
function jsonDefault(node: SchemaNode): unknown {
  switch (node.kind) {
    case "null":
      return null;
    case "boolean":
      return true;
    case "string":
      return "é\"'`$\n\u2028\\";
    case "bytes":
      return "\u0000\u00ff`";
    case "fixed":
      return "\u00fe".repeat(node.size);
    case "enum":
      return node.symbols.at(-1);
    case "array":
      return [jsonDefault(node.items)];
    case "map":
      return { "a.b": jsonDefault(node.values) };
    case "union":
      return jsonDefault(node.branches[0]!);
    case "record":
      return Object.fromEntries(node.fields.map((field) => [field.name, jsonDefault(field.type)]));
    default:
      return node.kind === "int" || node.kind === "long" ? -7 : 1.5;
  }
}

/** A tree back in its JSON form: a named type is defined where it first stands, and a name from then on. */
export function toSchema(node: SchemaNode, defined: Set<SchemaNode> = new Set()): AvroSchema {
  const { kind, ...rest } = node;
  if (node.kind === "union") return node.branches.map((branch) => toSchema(branch, defined));
  if (node.kind === "array") return { type: "array", items: toSchema(node.items, defined) };
  if (node.kind === "map") return { type: "map", values: toSchema(node.values, defined) };
  if (!("name" in node)) return Object.keys(rest).length === 0 ? kind : { type: kind, ...rest };
  if (defined.has(node)) return node.name;
  defined.add(node);
  if (node.kind !== "record") return { type: kind, ...rest };
  const fields = node.fields.map((field) => ({ ...field, type: toSchema(field.type, defined) }));
  return { type: "record", name: node.name, aliases: node.aliases, fields };
}
