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

/** A batch whose arrays are reused from one read to the next, for readers to fill. */
export abstract class RecordArrays implements RecordBatch {
  readonly topic: string;
  readonly partition: number;
  count = 0;
  buffer: Uint8Array = new Uint8Array(0);
  offsets = new Float64Array(0);
  timestamps = new Float64Array(0);
  keyStarts = new Int32Array(0);
  keyEnds = new Int32Array(0);
  valueStarts = new Int32Array(0);
  valueEnds = new Int32Array(0);
  headerStarts = new Int32Array(0);
  headerEnds = new Int32Array(0);

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Makes room for so many records; those that are there stay. */
  protected reserve(capacity: number): void {
    if (capacity <= this.offsets.length) return;
    const room = Math.max(capacity, 2 * this.offsets.length, LEAST_ROOM);
    this.offsets = grown(new Float64Array(room), this.offsets);
    this.timestamps = grown(new Float64Array(room), this.timestamps);
    this.keyStarts = grown(new Int32Array(room), this.keyStarts);
    this.keyEnds = grown(new Int32Array(room), this.keyEnds);
    this.valueStarts = grown(new Int32Array(room), this.valueStarts);
    this.valueEnds = grown(new Int32Array(room), this.valueEnds);
    this.headerStarts = grown(new Int32Array(room), this.headerStarts);
    this.headerEnds = grown(new Int32Array(room), this.headerEnds);
  }
}

const LEAST_ROOM = 256;

function grown<T extends Float64Array | Int32Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
