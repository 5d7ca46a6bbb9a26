import type { Batch } from "../base/batch.ts";

/** Gives what is made of a batch, made once while the batch stays the same one: batches are refilled, their columns stay. */
export function perBatch<T>(make: (batch: Batch) => T): (batch: Batch) => T {
  let of: Batch | undefined;
  let made: T;
  return (batch) => {
    if (of !== batch) {
      made = make(batch);
      of = batch;
    }
    return made;
  };
}
