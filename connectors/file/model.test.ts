import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordBatch } from "../../base/record-batch.ts";
import { FileLogReader } from "./reader.ts";
import { emptyFolder, openLog, type Plain, plain, readAll } from "./test-log.ts";
import type { FileLogWriter } from "./writer.ts";

const partitions = 3;
const partition = fc.nat(partitions - 1);
const text = fc.option(
  fc.oneof(
    { weight: 9, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
    { weight: 1, arbitrary: fc.constant("x".repeat(70_000)) },
  ),
);

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      partition,
      key: text,
      value: text,
      timestamp: fc.maxSafeInteger(),
      headers: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("read" as const), partition, maxBytes: fc.integer({ min: 1, max: 5_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("seek" as const),
      partition,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

describe("any interleaving of appends, flushes, reopenings, reads and seeks", () => {
  it("shows an array for each partition", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer(), (steps, endMs) => {
        const run = new Run();
        try {
          for (const each of steps) run.take(each);
          run.end(endMs);
        } finally {
          run.close();
        }
      }),
      { numRuns: 150 },
    );
  });
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A log, a reader for each partition, and the arrays that they must look like. */
class Run {
  readonly #dir = emptyFolder();
  readonly #appended: Plain[][] = Array.from({ length: partitions }, () => []);
  #flushed = new Array<number>(partitions).fill(0);
  readonly #readers: FileLogReader[];
  #writer: FileLogWriter;

  constructor() {
    this.#writer = openLog(this.#dir);
    this.#writer.createTopic("t", partitions);
    this.#readers = this.#flushed.map((_, p) => new FileLogReader(this.#dir, "t", p));
  }

  take(step: Step): void {
    if (step.do === "append") this.#append(step);
    else if (step.do === "flush") this.#flush();
    else if (step.do === "reopen") this.#reopen();
    else if (step.do === "read") this.#read(step.partition, step.maxBytes);
    else this.#readers[step.partition]!.seek(Math.floor(step.part * this.#readers[step.partition]!.endOffset()));
  }

  end(endMs: number): void {
    this.#writer.end(endMs);
    this.#appended.forEach((expected, p) => {
      const reader = this.#readers[p]!;
      const { offset } = reader;
      expect(reader.endOffset()).toBe(expected.length);
      expect(readAll(reader)).toEqual({ records: expected.slice(offset), end: { throughMs: endMs } });
      reader.seek(0);
      expect(readAll(reader)).toEqual({ records: expected, end: { throughMs: endMs } });
    });
  }

  close(): void {
    this.#writer.close();
    for (const reader of this.#readers) reader.close();
  }

  #append({ partition, key, value, timestamp, headers }: Step & { do: "append" }): void {
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
    const offset = this.#writer.append("t", partition, { key: bytes(key), value: bytes(value), timestamp, headers });
    expect(offset).toBe(this.#appended[partition]!.length);
    this.#appended[partition]!.push({ offset, timestamp, key, value, headers });
  }

  #flush(): void {
    this.#writer.flush();
    this.#flushed = this.#appended.map((records) => records.length);
    expect(this.#readers.map((reader) => reader.endOffset())).toEqual(this.#flushed);
  }

  #reopen(): void {
    this.#writer.close();
    this.#writer = openLog(this.#dir);
    this.#flush();
  }

  /** A read gives what follows, in order; nothing only where all that was flushed has been read. */
  #read(partition: number, maxBytes: number): void {
    const reader = this.#readers[partition]!;
    const { offset } = reader;
    const read = reader.read(maxBytes);
    if (read === null) expect(offset).toBeGreaterThanOrEqual(this.#flushed[partition]!);
    else expect(plain(read as RecordBatch)).toEqual(this.#appended[partition]!.slice(offset, reader.offset));
  }
}
