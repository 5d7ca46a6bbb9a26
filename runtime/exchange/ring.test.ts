import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Doorbell } from "./doorbell.ts";
import { readAll, type WriterData } from "./ring.test-helper.ts";
import { makeRing, RingReader, RingWriter } from "./ring.ts";

/** What a reader has next, as bytes of its own. */
function take(reader: RingReader): Buffer | undefined {
  const frame = reader.peek();
  if (frame === undefined) return undefined;
  const bytes = Buffer.from(frame.bytes.subarray(0, frame.length));
  reader.release();
  return bytes;
}

function ring(capacity: number) {
  const memory = makeRing(capacity);
  return { memory, writer: new RingWriter(memory), reader: new RingReader(memory) };
}

describe("a ring", () => {
  it("gives the frames that were put in, in order, and says when it is full", () => {
    const { writer, reader } = ring(16);
    const put = (text: string) => writer.tryWrite(Buffer.from(text), 0, text.length);
    const next = () => take(reader)?.toString();
    expect([put("one"), put(""), put("three")]).toEqual([true, true, false]);
    expect([next(), next(), next()]).toEqual(["one", "", undefined]);
    expect([put("three"), next(), next()]).toEqual([true, "three", undefined]);
  });

  it("shows the same frame until it is released", () => {
    const { writer, reader } = ring(64);
    for (const frame of [Buffer.of(1, 2), Buffer.of(3)]) writer.tryWrite(frame, 0, frame.length);
    expect(reader.peek()).toBe(reader.peek());
    expect([...take(reader)!, ...take(reader)!]).toEqual([1, 2, 3]);
  });

  it("takes a part of a larger array", () => {
    const { writer, reader } = ring(64);
    writer.tryWrite(Buffer.from("0123456789"), 3, 7);
    expect(take(reader)?.toString()).toBe("3456");
  });

  it("carries frames of any size through any capacity, whoever runs when, also where its counters overflow", () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 100 }).map(Buffer.from), { maxLength: 40 });
    const turns = fc.infiniteStream(fc.boolean());
    fc.assert(
      fc.property(frames, fc.integer({ min: 3, max: 8 }), turns, fc.nat(100), (sent, bits, order, before) => {
        const { memory, writer, reader } = ring(2 ** bits);
        new Int32Array(memory)[0] = new Int32Array(memory)[16] = (2 ** 31 - 4 * before) | 0;
        const got: Buffer[] = [];
        let next = 0;
        for (let idle = 0; got.length < sent.length; idle++) {
          expect(idle).toBeLessThan(10_000);
          if (order.next().value) {
            const frame = take(reader);
            if (frame !== undefined) got.push(frame);
          } else if (next < sent.length && writer.tryWrite(sent[next]!, 0, sent[next]!.length)) next++;
        }
        expect(got.map((frame) => [...frame])).toEqual(sent.map((frame) => [...frame]));
        expect(reader.peek()).toBeUndefined();
      }),
    );
  });

  it("carries a row of 10 MB through a small ring", () => {
    const { writer, reader } = ring(1 << 16);
    const row = Buffer.alloc(10_000_000, "a row");
    while (!writer.tryWrite(row, 0, row.length)) reader.peek();
    expect(take(reader)?.equals(row)).toBe(true);
  });

  it("rings for the reader at each frame, and for the writer only when it waits for room", () => {
    const memory = makeRing(16);
    const [forReader, forWriter] = [new Doorbell(), new Doorbell()];
    const writer = new RingWriter(memory, forReader);
    const reader = new RingReader(memory, forWriter);
    const frame = Buffer.alloc(10);
    expect(writer.tryWrite(frame, 0, 10)).toBe(true);
    take(reader);
    expect([forReader.count, forWriter.count]).toEqual([1, 0]);
    writer.tryWrite(frame, 0, 10);
    expect(writer.tryWrite(frame, 0, 10)).toBe(false);
    take(reader);
    expect(forWriter.count).toBe(1);
    expect(writer.tryWrite(frame, 0, 10)).toBe(true);
  });

  it("refuses capacities that do not divide 2^32", () => {
    expect(() => makeRing(1000)).toThrow("power of two");
  });
});

describe("between threads", () => {
  it.each([
    [1, 64],
    [3, 4096],
    [2, 1 << 20],
  ])(
    "%i rings of %i bytes bring every frame whole and in order, with one doorbell each way",
    async (count, capacity) => {
      const rings = Array.from({ length: count }, () => makeRing(capacity));
      const [readerBell, writerBell] = [new Doorbell(), new Doorbell()];
      const data: WriterData = {
        rings,
        readerBell: readerBell.memory,
        writerBell: writerBell.memory,
        frames: 2_000,
        seed: capacity,
      };
      const worker = new Worker(new URL("./ring.test-helper.ts", import.meta.url), { workerData: data });
      const written = once(worker, "message");
      const readers = rings.map((memory) => new RingReader(memory, writerBell));
      const read = readAll(readers, readerBell, data.frames);
      expect(read).toEqual(rings.map(() => read[0]));
      expect((await written)[0]).toBe(read[0]);
    },
  );
});
