import { describe, expect, it } from "vitest";
import { murmur2, partitionOfKey } from "./partitioner.ts";

describe("partitionOfKey", () => {
  it("hashes as Kafka's own tests expect", () => {
    const known: [string, number][] = [
      ["21", -973932308],
      ["foobar", -790332482],
      ["a-little-bit-long-string", -985981536],
      ["a-little-bit-longer-string", -1486304829],
      ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
      ["abc", 479470107],
    ];
    for (const [text, hash] of known) expect(murmur2(Buffer.from(text)) | 0, text).toBe(hash);
  });

  it("spreads keys over all partitions and no others", () => {
    const seen = new Set<number>();
    for (let i = 0; i < 200; i++) seen.add(partitionOfKey(Buffer.from(`payment-${i}`), 7));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
