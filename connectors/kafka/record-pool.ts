import { messageOf, raise } from "../../base/errors.ts";
import { blockDecoder } from "./lz4/decode-block-wasm.ts";
import { forEachBlock, type Lz4Frame } from "./lz4/frame.ts";

/**
 * Where the records of compressed batches are, one batch behind the other, with gaps. LZ4 is decompressed in it: it is the
 * memory of WebAssembly, which is as fast as native code, and calls cost nothing.
 */
export class RecordPool {
  /** All that there is room for; another buffer over the same bytes once it has grown, and the one before is void then. */
  bytes: Buffer = NOTHING;
  /** Where the records that were added last end. */
  length = 0;
  #memory: WebAssembly.Memory | undefined;
  #decodeBlock!: ReturnType<typeof blockDecoder>;

  /** Drops all records, and the memory where they took very much: WebAssembly's does not shrink. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length <= KEPT_BYTES) return;
    this.#memory = undefined;
    this.bytes = NOTHING;
  }

  /** Adds records that are decompressed; gives where they begin. KAFKA_MEMORY_REFUSED; nothing is added then. */
  add(records: Uint8Array): number {
    const start = this.length;
    this.#reserve(start + records.length);
    this.bytes.set(records, start);
    this.length = start + records.length;
    return start;
  }

  /**
   * Adds the records that a frame of LZ4, `bytes`, has; gives where they begin. RangeError where it is damaged,
   * KAFKA_MEMORY_REFUSED; nothing is added then.
   */
  addLz4(bytes: Buffer, frame: Lz4Frame): number {
    // The frame lies in the memory in front of its records: a bound says how much they may take, but they seldom do.
    const offset = this.length;
    const start = offset + bytes.length + SLACK_BYTES;
    this.#reserve(start + frame.bound + SLACK_BYTES);
    this.bytes.set(bytes, offset);
    let to = start;
    forEachBlock(bytes, frame, (from, end, isStored) => {
      if (isStored) {
        this.bytes.copyWithin(to, offset + from, offset + end);
        to += end - from;
      } else {
        const floor = frame.isLinked ? start : to;
        to = this.#decodeBlock(offset + from, offset + end, to, to + frame.maxBlockBytes, floor);
        if (to === 0) throw new RangeError("a block is damaged");
      }
    });
    if (frame.contentBytes >= 0 && frame.contentBytes !== to - start) throw new RangeError("its length is another");
    this.length = to;
    return start;
  }

  /** Begins the memory, or makes it larger. That it is not to be had is no damage of records, and says so itself. */
  #reserve(bytes: number): void {
    const { length } = this.bytes;
    if (bytes <= length) return;
    const pages = Math.ceil((Math.max(FIRST_BYTES, bytes, 2 * length) - length) / PAGE_BYTES);
    try {
      if (this.#memory === undefined) {
        this.#memory = new WebAssembly.Memory({ initial: pages });
        this.#decodeBlock = blockDecoder(this.#memory);
      } else {
        this.#memory.grow(pages);
      }
    } catch (error) {
      raise("KAFKA_MEMORY_REFUSED", { bytes, reason: messageOf(error) });
    }
    this.bytes = Buffer.from(this.#memory.buffer);
  }
}

const NOTHING = Buffer.alloc(0);
/** The decoder writes and reads in steps of 16 bytes, past the end of what it is given. */
const SLACK_BYTES = 16;
const PAGE_BYTES = 65_536;
const FIRST_BYTES = 1 << 20;
const KEPT_BYTES = 16 << 20;
