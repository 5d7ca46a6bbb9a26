import { ByteWriter } from "../base/bytes.ts";

/** Gathers frames until they are taken, each written between `begin` and `finish`. */
export class FrameWriter {
  readonly bytes = new ByteWriter(64 * 1024);
  #start = 0;

  /** Begins a frame: its payload is written to what this gives. */
  begin(type: number): ByteWriter {
    this.#start = this.bytes.length;
    for (let i = 0; i < 4; i++) this.bytes.byte(0);
    this.bytes.byte(type);
    return this.bytes;
  }

  finish(): void {
    this.bytes.buffer.writeUInt32LE(this.bytes.length - this.#start - 4, this.#start);
  }

  /** Bytes gathered. */
  get length(): number {
    return this.bytes.length;
  }

  /** A copy of what was gathered, which is then forgotten. */
  take(): Buffer {
    const taken = Buffer.from(this.bytes.bytes());
    this.bytes.clear();
    return taken;
  }
}
