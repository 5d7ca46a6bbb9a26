import fc from "fast-check";
import { expect, it } from "vitest";
import { ByteWriter } from "../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import { SourceFrontier } from "./frontier.ts";

/**
 * What may happen to a source of two partitions: a change is written, one is read, a heartbeat is written and read, or many
 * are one after the other; and from then on nobody tells where partitions end, or somebody does again.
 */
const event = fc.oneof(
  fc.record({ type: fc.constant("write" as const), split: fc.nat(1), gap: fc.nat(5), back: fc.nat(3) }),
  fc.record({ type: fc.constant("read" as const), split: fc.nat(1) }),
  fc.record({ type: fc.constant("heartbeat" as const) }),
  fc.record({ type: fc.constant("heartbeats" as const), count: fc.nat(60) }),
  fc.record({ type: fc.constant("ends" as const), told: fc.boolean() }),
);

const LONGEST = 3;

it("never passes a change that has not been read, and never goes back, whatever is written, read, and told of ends", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const logs: number[][] = [[], []];
      const read = [0, 0];
      let isTold = true;
      let wall = 0;
      const splits = ["a", "b"].map((table) => ({ topic: table, partition: 0, table, heartbeat: false }));
      const frontier = new SourceFrontier(
        splits,
        LONGEST,
        {
          position: (split) => read[split]!,
          endOffset: (split) => (isTold ? logs[split]!.length : undefined),
        },
        () => wall,
      );
      let now = 100;
      let last = BEFORE_ALL_TIME;
      for (const drawn of events) {
        if (drawn.type === "write") {
          now += drawn.gap;
          logs[drawn.split]!.push(now - drawn.back);
        } else if (drawn.type === "ends") isTold = drawn.told;
        else if (drawn.type === "heartbeat") frontier.heartbeat(now);
        else if (drawn.type === "heartbeats") {
          for (let i = 0; i < drawn.count; i++, wall += 300) frontier.heartbeat(now++);
        } else if (read[drawn.split]! < logs[drawn.split]!.length) {
          frontier.progress(drawn.split, logs[drawn.split]![read[drawn.split]!++]!);
        }
        const through = frontier.through();
        const unread = logs.flatMap((log, split) => log.slice(read[split]));
        expect(through).toBeLessThan(Math.min(...unread, now + 1));
        expect(through).toBeGreaterThanOrEqual(last);
        last = through;
      }
    }),
    { numRuns: 500 },
  );
});

it("keeps few proofs while no end is told, and proves as much once it is", () => {
  let end: number | undefined;
  let wall = 0;
  const splits = [{ topic: "a", partition: 0, table: "a", heartbeat: false }];
  const frontier = new SourceFrontier(splits, 0, { position: () => 5, endOffset: () => end }, () => wall);
  for (let time = 1_000; time < 11_000; time++, wall += 300) frontier.heartbeat(time);
  const saved = new ByteWriter();
  frontier.save(0, saved);
  expect(saved.bytes().length).toBeLessThan(1_000);

  expect(frontier.through()).toBe(BEFORE_ALL_TIME);
  end = 5;
  expect(frontier.through()).toBe(10_998);
});
