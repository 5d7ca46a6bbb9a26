import fc from "fast-check";
import { compressSync } from "lz4-napi";
import { describe, expect, it } from "vitest";
import { decodeBlock } from "./decode-block.ts";
import { blockDecoder } from "./decode-block-wasm.ts";

/** A block that is sound, or has a few bytes changed, and how its output is bounded. */
const blocks = fc
  .record({
    texts: fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 300, maxLength: 400 }))),
    order: fc.array(fc.nat(20), { maxLength: 60 }),
    changes: fc.array(fc.record({ at: fc.nat(2_000), byte: fc.nat(255) }), { maxLength: 3 }),
    isCut: fc.boolean(),
    room: fc.constantFrom(65_536, 65_536, 700),
    before: fc.constantFrom(0, 30),
  })
  .map(({ texts, order, changes, isCut, room, before }) => {
    const text = Buffer.concat(order.map((i) => texts[i % texts.length] ?? Buffer.from([i])));
    // Behind the length that the library writes in front.
    const block = compressSync(text).subarray(4);
    for (const { at, byte } of changes) if (at < block.length) block[at] = byte;
    return { block: isCut ? block.subarray(0, -1) : block, room, before };
  });

describe("a block of LZ4", () => {
  it("is decompressed alike by the source and by what was compiled from it", () => {
    const compiled = new WebAssembly.Memory({ initial: 4 });
    const decode = blockDecoder(compiled);
    const plain = new Uint8Array(compiled.buffer.byteLength);
    using _builtins = builtinsOver(plain);
    const outcomes = { decoded: 0, refused: 0 };
    fc.assert(
      fc.property(blocks, ({ block, room, before }) => {
        const [first, second] = [plain, new Uint8Array(compiled.buffer)].map((memory, i) => {
          memory.fill(77);
          memory.set(block);
          const to = 100_000;
          const end = [decodeBlock, decode][i]!(0, block.length, to, to + room, to - before);
          return { end, bytes: Buffer.from(memory) };
        });
        expect(first!.end).toBe(second!.end);
        expect(first!.bytes.equals(second!.bytes)).toBe(true);
        outcomes[first!.end === 0 ? "refused" : "decoded"]++;
      }),
      { numRuns: 400 },
    );
    expect(Math.min(outcomes.decoded, outcomes.refused)).toBeGreaterThan(20);
  });
});

/** AssemblyScript's functions, over an array as the memory. */
function builtinsOver(memory: Uint8Array): Disposable {
  const view = new DataView(memory.buffer);
  const builtins = {
    i32: {
      load8_u: (at: number) => view.getUint8(at),
      load16_u: (at: number) => view.getUint16(at, true),
      store8: (at: number, value: number) => view.setUint8(at, value),
    },
    i64: {
      load: (at: number) => view.getBigUint64(at, true),
      store: (at: number, value: bigint) => view.setBigUint64(at, value, true),
    },
    v128: {
      load: (at: number) => memory.slice(at, at + 16),
      store: (at: number, value: Uint8Array) => memory.set(value, at),
    },
  };
  Object.assign(globalThis, builtins);
  return {
    [Symbol.dispose]: () => {
      for (const name of Object.keys(builtins)) Reflect.deleteProperty(globalThis, name);
    },
  };
}
