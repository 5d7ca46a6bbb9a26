import { beforeEach, expect, it } from "vitest";
import { raise } from "../base/errors.ts";
import { PartitionWatch } from "./partition-watch.ts";

let now: number;
let answer: () => number;
let watch: PartitionWatch;

/** Lets time pass, while the watch is asked, as reading does. */
async function pass(ms: number): Promise<void> {
  for (const until = now + ms; now < until; now += 100) {
    watch.mayProve(now);
    await Promise.resolve().then(() => undefined);
  }
}

beforeEach(() => {
  now = 100_000;
  answer = () => 4;
  watch = new PartitionWatch(
    async () => new Map([["payments", answer()]]),
    () => now,
  );
  watch.add("payments", 4);
});

it("lets nothing be read before it has looked, and proves a heartbeat row by a look two seconds later", async () => {
  expect(watch.mayRead()).toBe(false);
  await pass(100);
  expect(watch.mayRead()).toBe(true);
  const readAt = now;
  await pass(1_500);
  expect(watch.mayProve(readAt)).toBe(false);
  await pass(1_500);
  expect(watch.mayProve(readAt)).toBe(true);
});

it("lets nothing be read or proven once there are more partitions", async () => {
  await pass(3_000);
  const readAt = now - 2_900;
  expect(watch.mayProve(readAt)).toBe(true);
  answer = () => 5;
  await pass(1_000);
  expect([watch.mayRead(), watch.mayProve(readAt)]).toEqual([false, false]);
});

it("lets reading rest while nobody answers, says why after ten seconds, and goes on once somebody does", async () => {
  await pass(1_000);
  answer = () => raise("KAFKA_UNAVAILABLE", { doing: "a look", broker: "127.0.0.1:1", reason: "nobody is there" });
  await pass(3_000);
  expect(watch.mayRead()).toBe(false);
  await pass(10_000);
  expect(() => watch.mayRead()).toThrow(expect.objectContaining({ code: "KAFKA_UNAVAILABLE" }));
  answer = () => 4;
  await pass(1_000);
  expect(watch.mayRead()).toBe(true);
});
