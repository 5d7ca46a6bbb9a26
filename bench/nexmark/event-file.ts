import { closeSync, openSync, readSync, writeSync } from "node:fs";

/**
 * The file that both sides read: little endian, a header and blocks.
 *
 * - header, 24 bytes: magic, version, events, blocks (uint32 each), base time (float64, epoch ms);
 * - block: bytes of its records, their number, time of its last one (uint32 each; times are ms after the base time);
 * - record: its length (uint16, all of it), its type (uint8), its time (uint32), its integers (uint32 each), its strings
 *   (uint16 length and Latin-1 bytes each), in the order of `SHAPES`.
 */
export const EVENT_FILE = { magic: 0x4b4d584e, version: 1, headerBytes: 24, blockHeaderBytes: 12 } as const;

/** Where a record's type, time, and integers begin in it. */
export const RECORD = { type: 2, time: 3, integers: 7 } as const;

/** Types of events, as `event_type` has them in Flink's table. */
export const PERSON = 0;
export const AUCTION = 1;
export const BID = 2;

/** The integers and strings of a record of a type, in their order. `expires` is, as times are, ms after the base time. */
export const SHAPES = {
  [PERSON]: { integers: ["id"], strings: ["name", "emailAddress", "creditCard", "city", "state", "extra"] },
  [AUCTION]: {
    integers: ["id", "initialBid", "reserve", "expires", "seller", "category"],
    strings: ["itemName", "description", "extra"],
  },
  [BID]: { integers: ["auction", "bidder", "price"], strings: ["channel", "url", "extra"] },
} as const satisfies Record<number, { readonly integers: readonly string[]; readonly strings: readonly string[] }>;

const BLOCK_EVENTS = 1_000;
const MOST_RECORD_BYTES = 4_096;

/** Writes events into a file, record by record. */
export class EventFileWriter {
  readonly #file: number;
  readonly #baseTime: number;
  readonly #block = Buffer.alloc(EVENT_FILE.blockHeaderBytes + BLOCK_EVENTS * MOST_RECORD_BYTES);
  #at: number = EVENT_FILE.blockHeaderBytes;
  #recordStart = 0;
  #inBlock = 0;
  #events = 0;
  #blocks = 0;
  #lastTime = 0;

  /** `baseTime`: epoch ms that all times are counted from. */
  constructor(path: string, baseTime: number) {
    this.#file = openSync(path, "w");
    this.#baseTime = baseTime;
    this.#writeHeader();
  }

  /** Begins a record; its integers and strings follow. `time` in ms after the base time. */
  begin(type: number, time: number): void {
    if (this.#inBlock === BLOCK_EVENTS) this.#flush();
    this.#recordStart = this.#at;
    this.#block[this.#at + RECORD.type] = type;
    this.#block.writeUInt32LE(time, this.#at + RECORD.time);
    this.#at += RECORD.integers;
    this.#lastTime = time;
  }

  integer(value: number): void {
    this.#at = this.#block.writeUInt32LE(value, this.#at);
  }

  string(value: string): void {
    this.#at = this.#block.writeUInt16LE(value.length, this.#at);
    this.#at += this.#block.write(value, this.#at, "latin1");
  }

  /** Ends the record. */
  end(): void {
    this.#block.writeUInt16LE(this.#at - this.#recordStart, this.#recordStart);
    this.#inBlock++;
    this.#events++;
  }

  close(): void {
    this.#flush();
    this.#writeHeader();
    closeSync(this.#file);
  }

  #flush(): void {
    if (this.#inBlock === 0) return;
    this.#block.writeUInt32LE(this.#at - EVENT_FILE.blockHeaderBytes, 0);
    this.#block.writeUInt32LE(this.#inBlock, 4);
    this.#block.writeUInt32LE(this.#lastTime, 8);
    writeSync(this.#file, this.#block, 0, this.#at);
    this.#at = EVENT_FILE.blockHeaderBytes;
    this.#inBlock = 0;
    this.#blocks++;
  }

  /** At first with nothing in it, so that a file which was not written to its end is seen. */
  #writeHeader(): void {
    const header = Buffer.alloc(EVENT_FILE.headerBytes);
    header.writeUInt32LE(EVENT_FILE.magic, 0);
    header.writeUInt32LE(EVENT_FILE.version, 4);
    header.writeUInt32LE(this.#events, 8);
    header.writeUInt32LE(this.#blocks, 12);
    header.writeDoubleLE(this.#baseTime, 16);
    writeSync(this.#file, header, 0, header.length, this.#blocks === 0 ? null : 0);
  }
}

/** Reads a file of events block by block. The block's bytes are valid until the next is read. */
export class EventFileReader {
  readonly #file: number;
  readonly #blockHeader = Buffer.alloc(EVENT_FILE.blockHeaderBytes);
  #position: number = EVENT_FILE.headerBytes;
  /** All events of the file. */
  readonly events: number;
  /** Epoch ms. */
  readonly baseTime: number;
  /** The records of the block that was read last. */
  bytes = Buffer.alloc(0);
  /** Where they end in `bytes`. */
  length = 0;
  /** How many they are. */
  count = 0;
  /** Epoch ms of the last of them. */
  lastTime = 0;

  constructor(path: string) {
    this.#file = openSync(path, "r");
    const header = Buffer.alloc(EVENT_FILE.headerBytes);
    readSync(this.#file, header, 0, header.length, 0);
    const isKnown = header.readUInt32LE(0) === EVENT_FILE.magic && header.readUInt32LE(4) === EVENT_FILE.version;
    if (!isKnown || header.readUInt32LE(8) === 0) throw new Error(`${path} is no whole file of events; remove it`);
    this.events = header.readUInt32LE(8);
    this.baseTime = header.readDoubleLE(16);
  }

  /** Where the next block begins in the file; may be set to where one began. */
  get position(): number {
    return this.#position;
  }

  set position(position: number) {
    this.#position = position;
  }

  /** Reads the next block; false at the end. */
  next(): boolean {
    const header = this.#blockHeader;
    if (readSync(this.#file, header, 0, header.length, this.#position) === 0) return false;
    this.length = header.readUInt32LE(0);
    this.count = header.readUInt32LE(4);
    this.lastTime = this.baseTime + header.readUInt32LE(8);
    if (this.bytes.length < this.length) this.bytes = Buffer.allocUnsafeSlow(this.length * 2);
    readSync(this.#file, this.bytes, 0, this.length, this.#position + header.length);
    this.#position += header.length + this.length;
    return true;
  }

  close(): void {
    closeSync(this.#file);
  }
}
