import { Batch } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import { changeColumns } from "../../dataflow/change-layout.ts";
import { layoutOf, type SampleNode } from "../../dataflow/graph.ts";
import { KEY_COLUMN, keyReader } from "../../dataflow/keys.ts";
import { perBatch } from "../../dataflow/per-batch.ts";
import type { FanOut } from "./receiver.ts";
import { Transform } from "./transforms.ts";

/** All rows of a share of the keys. */
export class Sample extends Transform {
  readonly #out: Batch;
  readonly #below: number;
  readonly #hash: (batch: Batch) => (row: number) => number;

  constructor(node: SampleNode, next: FanOut) {
    super(node, next);
    this.#out = new Batch(layoutOf(node));
    this.#below = node.share * TWO_32;
    this.#hash = perBatch((batch) => hasher(batch, node));
  }

  override batch(_input: number, batch: Batch): void {
    const hash = this.#hash(batch);
    const out = this.#out;
    const below = this.#below;
    for (let row = 0; row < batch.count; row++) if (hash(row) < below) out.append(batch, row);
    if (out.count === 0) return;
    this.next.batch(out);
    out.clear();
  }
}

const TWO_32 = 2 ** 32;

/** Gives the hash of a row's key, from 0 to 2^32 − 1; ∞ for a row without one. */
function hasher(batch: Batch, { key }: SampleNode): (row: number) => number {
  if (key !== undefined && key.column === KEY_COLUMN) {
    const read = keyReader(batch, key);
    return (row) => {
      const text = read(row);
      if (text === undefined) return Number.POSITIVE_INFINITY;
      const bytes = Buffer.from(text);
      return sampleHash(bytes, 0, bytes.length);
    };
  }
  const keys = key === undefined ? changeColumns(batch).row : (batch.column(key.column) as TextColumn);
  return (row) =>
    keys.nulls[row] === 1 ? Number.POSITIVE_INFINITY : sampleHash(keys.heap, keys.starts[row]!, keys.ends[row]!);
}

/**
 * FNV-1a with MurmurHash3's finalizer, as an unsigned number. Fixed for ever, and another one than that of key groups, so that a
 * sample is spread over them.
 */
function sampleHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
