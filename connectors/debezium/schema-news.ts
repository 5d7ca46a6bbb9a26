import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { SourceOutput } from "../../dataflow/source.ts";
import type { SplitContext } from "./record-fault.ts";
import type { TableSchema } from "./table-schemas.ts";

/** Schemas that records of a split were written with, in the order in which they were met; all but the first are told. */
export class SchemaNews {
  readonly #context: SplitContext;
  readonly #met = new Set<number>();

  constructor(context: SplitContext) {
    this.#context = context;
  }

  /** The schema that was met last, before any that is new. */
  get last(): number | undefined {
    return [...this.#met].at(-1);
  }

  /** True for a schema that a good record was met of. */
  has(schemaId: number): boolean {
    return this.#met.has(schemaId);
  }

  /** The first good record of a schema, at an offset and a time, tells of it, unless it is the split's first. */
  tell(schema: TableSchema, offset: number, time: number, output: SourceOutput): void {
    const { plan, broken } = schema;
    const { source, table, split, index } = this.#context;
    const last = this.last;
    this.#met.add(plan.schemaId);
    if (last === undefined && broken.length === 0) return;
    const finding = table.changeFrom(last === undefined ? undefined : table.schemaOf(last), schema);
    output.schema(index, {
      source,
      table: table.table,
      topic: split.topic,
      schemaId: plan.schemaId,
      ...finding,
      partition: split.partition,
      offset,
      time,
    });
  }

  save(out: ByteWriter): void {
    out.uint(this.#met.size);
    for (const id of this.#met) out.uint(id);
  }

  restore(input: ByteReader): void {
    for (let ids = input.uint(); ids > 0; ids--) this.#met.add(input.uint());
  }
}
