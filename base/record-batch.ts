/**
 * Raw records of one partition, in place: where each key and value lies in one shared buffer. What a log or a fetch
 * response hands to a decoder; nothing is copied, so it must not outlive the
 * reader's next call. Who keeps bytes copies them with `Buffer.from(buffer.subarray(…))`: `slice` of a Buffer copies nothing.
 */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly buffer: Uint8Array;
  /** Offset of each record in its partition, ascending. */
  readonly offsets: Float64Array;
  /** The log's own timestamp of each record, in milliseconds. */
  readonly timestamps: Float64Array;
  /** Key of record i: `buffer[keyStarts[i] .. keyEnds[i])`; a start of −1 means null. */
  readonly keyStarts: Int32Array;
  readonly keyEnds: Int32Array;
  /** Value of record i, as for keys; null is a tombstone. */
  readonly valueStarts: Int32Array;
  readonly valueEnds: Int32Array;
  /** Headers of record i in the log's own encoding, or start −1 for none; read with the log's `headersOf`. */
  readonly headerStarts: Int32Array;
  readonly headerEnds: Int32Array;
}
