import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerMemory, giveBack, keep } from "./answer-memory.ts";

describe("the memory of answers", () => {
  it("is used again, but never while a part of it is kept", () => {
    const step = fc.record({
      length: fc.integer({ min: 1, max: 300_000 }),
      parts: fc.nat(3),
      given: fc.array(fc.nat()),
    });
    const used = new Set<ArrayBufferLike>();
    let answers = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const memory = new AnswerMemory();
        const kept: { readonly part: Buffer; readonly mark: number }[] = [];
        for (const [i, { length, parts, given }] of steps.entries()) {
          const answer = memory.take(length);
          expect(answer.length).toBe(length);
          used.add(answer.buffer);
          answers++;
          answer.fill(i);
          for (let p = 0; p < parts; p++) {
            const part = answer.subarray(Math.floor((length * p) / parts), Math.floor((length * (p + 1)) / parts));
            keep(part);
            kept.push({ part, mark: i });
          }
          giveBack(answer);
          for (const each of given) if (kept.length > 0) giveBack(kept.splice(each % kept.length, 1)[0]!.part);
          for (const { part, mark } of kept) expect(part.every((byte) => byte === mark)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
    expect(used.size).toBeLessThan(answers);
  });

  it("of others is nobody's concern", () => {
    const other = Buffer.alloc(10);
    keep(other);
    giveBack(other);
    giveBack(other);
  });
});
