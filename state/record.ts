/**
 * A record of the log: table, group, length of the key, length of the value plus one (or 0: the key was removed), each as
 * a number of seven bits a byte; then the key and the value.
 */
export class RecordCursor {
  buffer: Buffer = Buffer.alloc(0);
  /** The table by its number in the segment that holds the record. */
  table = 0;
  group = 0;
  keyStart = 0;
  keyEnd = 0;
  /** Where the value starts, and where it and the record end. */
  start = 0;
  end = 0;
  isRemoval = false;
  /** Bytes of the whole record. */
  length = 0;
  #at = 0;

  /** Points at the record at `offset`. */
  read(buffer: Buffer, offset: number): void {
    this.buffer = buffer;
    this.#at = offset;
    this.table = this.#uint();
    this.group = this.#uint();
    const keyBytes = this.#uint();
    const valueBytes = this.#uint();
    this.isRemoval = valueBytes === 0;
    this.keyStart = this.#at;
    this.keyEnd = this.start = this.keyStart + keyBytes;
    this.end = this.isRemoval ? this.start : this.start + valueBytes - 1;
    this.length = this.end - offset;
  }

  /** A view of its key. */
  get key(): Buffer {
    return this.buffer.subarray(this.keyStart, this.keyEnd);
  }

  /** A view of its value. */
  get value(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }

  /** Whether the record's key is `key[start .. end)`. */
  hasKey(key: Uint8Array, start: number, end: number): boolean {
    const { buffer, keyStart } = this;
    const length = end - start;
    if (length !== this.keyEnd - keyStart) return false;
    for (let i = 0; i < length; i++) if (buffer[keyStart + i] !== key[start + i]) return false;
    return true;
  }

  #uint(): number {
    const { buffer } = this;
    let byte = buffer[this.#at++]!;
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let shift = 7; ; shift += 7) {
      byte = buffer[this.#at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }
}

/** How many bytes a record takes. `valueBytes` is −1 for a removal. */
export function recordBytes(table: number, group: number, keyBytes: number, valueBytes: number): number {
  const head = uintBytes(table) + uintBytes(group) + uintBytes(keyBytes) + uintBytes(valueBytes + 1);
  return head + keyBytes + Math.max(0, valueBytes);
}

/** Writes what comes before a record's key at `at`; gives where the key goes. `valueBytes` is −1 for a removal. */
export function writeRecordHead(
  into: Buffer,
  at: number,
  table: number,
  group: number,
  keyBytes: number,
  valueBytes: number,
): number {
  return writeUint(into, writeUint(into, writeUint(into, writeUint(into, at, table), group), keyBytes), valueBytes + 1);
}

function uintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 268_435_456 ? 4 : 5;
}

function writeUint(into: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest >= 128) {
    into[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  into[at++] = rest;
  return at;
}
