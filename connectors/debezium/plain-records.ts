import type { RecordBatch } from "../../base/record-batch.ts";
import { framedId } from "./framing.ts";
import type { FusedDecoder } from "./fused-decoder.ts";
import type { SplitContext } from "./record-fault.ts";
import type { TableSchema } from "./table-schemas.ts";

/** Says which records of a split are taken to be plain. Where many are not, trying each would cost more than it saves. */
export class PlainRecords {
  readonly #context: SplitContext;
  /** Records that are not even tried, and how many they were after the last that was tried in vain. */
  #untried = 0;
  #patience = 1;

  constructor(context: SplitContext) {
    this.#context = context;
  }

  /** True where the next record goes by its plan without being tried, which it is asked for once. */
  passOver(): boolean {
    if (this.#untried === 0) return false;
    this.#untried--;
    return true;
  }

  /** What may read the record i and those after it, of a schema that was told of; null where its plan must. */
  decoderFor(schema: TableSchema, records: RecordBatch, i: number): FusedDecoder | null {
    const { keys, table } = this.#context;
    const start = records.keyStarts[i]!;
    if (start < 0) return null;
    const id = framedId(records.buffer, start, records.keyEnds[i]!);
    const key = keys.schemaOf(id);
    return key === undefined ? null : table.fusedOf(schema, { id, schema: key });
  }

  /** A record is not plain, after so many that were, and goes by its plan; it has yet to be asked for unless it `isAsked`. */
  refused(after: number, isAsked: boolean): void {
    this.#patience = after > this.#patience ? 1 : Math.min(2 * this.#patience, MOST_PATIENCE);
    this.#untried = isAsked ? this.#patience - 1 : this.#patience;
  }
}

const MOST_PATIENCE = 1_024;
