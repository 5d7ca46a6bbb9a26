import fc from "fast-check";
import { expect, it } from "vitest";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import { SourceFrontier } from "./frontier.ts";

/** What may happen to a source of two partitions: a change is written, one is read, a heartbeat is written and read. */
const event = fc.oneof(
  fc.record({ type: fc.constant("write" as const), split: fc.nat(1), gap: fc.nat(5), back: fc.nat(3) }),
  fc.record({ type: fc.constant("read" as const), split: fc.nat(1) }),
  fc.record({ type: fc.constant("heartbeat" as const) }),
);

const LONGEST = 3;

it("never passes a change that has not been read, and never goes back, whatever is written and read", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const logs: number[][] = [[], []];
      const read = [0, 0];
      const splits = ["a", "b"].map((table) => ({ topic: table, partition: 0, table, heartbeat: false }));
      const frontier = new SourceFrontier(
        splits,
        LONGEST,
        {
          position: (split) => read[split]!,
          endOffset: (split) => logs[split]!.length,
        },
        () => 0,
      );
      let now = 100;
      let last = BEFORE_ALL_TIME;
      for (const drawn of events) {
        if (drawn.type === "write") {
          now += drawn.gap;
          logs[drawn.split]!.push(now - drawn.back);
        } else if (drawn.type === "heartbeat") frontier.heartbeat(now);
        else if (read[drawn.split]! < logs[drawn.split]!.length) {
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
