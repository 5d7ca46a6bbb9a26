import type { Batch } from "../../base/batch.ts";
import type { Float64Column } from "../../base/columns.ts";
import { raise } from "../../base/errors.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import { fieldPutter, type KeptRow } from "../kept-rows.ts";
import { type Field, type Fields, isOfKind } from "../model.ts";
import { rowColumns } from "../row-layout.ts";
import { type CallPlace, timePlace } from "../row-place.ts";
import { type RowCursor, rowCursor } from "../row-view.ts";
import { callUser, raiseFailed } from "../row-writer.ts";
import { fieldsCodec } from "../state-codec.ts";
import type { FoldSpec } from "./aggregate.ts";
import type { SlotType } from "./slots.ts";

/** A job's own aggregate without the types of its fields. */
export type AnyFold = FoldSpec<Fields, Fields, Field>;

/** Calls the functions of a job's own aggregate, and sees that they give what they declare. */
export class Fold {
  readonly #place: string;
  readonly #name: string;
  readonly #fields: Fields;
  readonly #spec: AnyFold;
  #cursor!: RowCursor<Fields>;
  #times!: Float64Column;
  #put!: (row: number, value: unknown) => void;

  /** `name` is the result's; `fields` are the rows'. */
  constructor(place: string, name: string, fields: Fields, spec: AnyFold) {
    this.#place = place;
    this.#name = name;
    this.#fields = fields;
    this.#spec = spec;
  }

  bind(batch: Batch): void {
    this.#cursor = rowCursor(batch, this.#fields);
    this.#times = rowColumns(batch).time;
  }

  bindOutput(output: Batch): void {
    this.#put = fieldPutter(output, this.#name, this.#spec.gives);
  }

  add(kept: KeptRow, row: number): KeptRow {
    return this.#checked(this.#added(kept, row));
  }

  /** JOB_AGGREGATE_INVALID was raised before, where there is no such function. */
  retract(kept: KeptRow, row: number): KeptRow {
    return this.#checked(this.#retracted(kept, row));
  }

  merge(kept: KeptRow, other: KeptRow): KeptRow {
    return this.#checked(callUser(this.#place, () => this.#spec.merge!(kept, other)));
  }

  write(kept: KeptRow, row: number): void {
    const { result, gives } = this.#spec;
    const value: unknown = callUser(this.#place, () => result(kept)) ?? null;
    if (value !== null && !isOfKind(gives.kind, value)) this.#wrong(this.#name, gives.kind, value);
    this.#put(row, value);
  }

  // What is called for each row makes no function of its own.
  #added(kept: KeptRow, row: number): unknown {
    try {
      return this.#spec.add(kept, this.#cursor.at(row));
    } catch (error) {
      return raiseFailed(this.#place, error, this.#called());
    }
  }

  #retracted(kept: KeptRow, row: number): unknown {
    try {
      return this.#spec.retract!(kept, this.#cursor.at(row));
    } catch (error) {
      return raiseFailed(this.#place, error, this.#called());
    }
  }

  #called(): CallPlace {
    return timePlace(this.#times.values[this.#cursor.row]!);
  }

  /** A copy of the declared fields: what state holds is nobody else's. */
  #checked(kept: unknown): KeptRow {
    if (kept === null || typeof kept !== "object") this.#wrong(this.#name, "an object of what it keeps", kept);
    const { keeps } = this.#spec;
    const copy: Record<string, unknown> = {};
    for (const name in keeps) {
      const value = (kept as Readonly<Record<string, unknown>>)[name] ?? null;
      if (value !== null && !isOfKind(keeps[name]!.kind, value)) {
        this.#wrong(`${this.#name}.${name}`, keeps[name]!.kind, value);
      }
      copy[name] = value;
    }
    // Changed in place, it would be taken back as what it has become.
    return Object.freeze(copy) as KeptRow;
  }

  #wrong(field: string, kind: string, value: unknown): never {
    return raise("JOB_WRONG_VALUE", { field, kind, value: value === null ? "null" : typeof value });
  }
}

/** The slot of what a fold keeps: its fields, all null at first. */
export function foldSlot(keeps: Fields): SlotType<KeptRow> {
  const codec = fieldsCodec(keeps);
  const nothing = Object.freeze(Object.fromEntries(Object.keys(keeps).map((name) => [name, null]))) as KeptRow;
  return {
    begin: () => nothing,
    schema: (slot) => renamed(JSON.parse(codec.schema), slot),
    write: (value, out) => codec.write(value, out),
    read: (input) => codec.read(input),
    from: (value) => value as KeptRow,
  };
}

/** The schema with the slot's name in all names that it defines. */
function renamed(schema: AvroSchema, slot: string): AvroSchema {
  const defined = new Set<unknown>();
  const visit = (part: unknown): unknown => {
    if (typeof part === "string") return defined.has(part) ? `${part}_${slot}` : part;
    if (Array.isArray(part)) return part.map(visit);
    const node = part as { readonly type: unknown; readonly name?: string; readonly fields?: readonly object[] };
    if (node.type !== "record") return node;
    defined.add(node.name);
    const fields = node.fields!.map((field) => ({ ...field, type: visit((field as { type: unknown }).type) }));
    return { ...node, name: `${node.name}_${slot}`, fields };
  };
  return visit(schema) as AvroSchema;
}
