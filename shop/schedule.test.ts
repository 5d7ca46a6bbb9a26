import { expect, it } from "vitest";
import { seededRandom } from "../base/random.ts";
import { Schedule } from "./schedule.ts";

it("does things in order of time, then of being asked for", () => {
  const random = seededRandom(1);
  const schedule = new Schedule(90);
  const done: [number, number][] = [];
  let asked = 0;
  const ask = (time: number) => {
    const order = asked++;
    schedule.at(time, () => {
      done.push([time, order]);
      if (random.chance(0.3)) ask(time + random.below(10));
    });
  };
  for (let i = 0; i < 500; i++) ask(random.below(100));
  schedule.runBefore(50);
  expect(done.every(([time]) => time < 50)).toBe(true);
  schedule.runBefore(1000);
  expect(done.every(([time]) => time <= 90)).toBe(true);
  expect(done).toEqual(done.toSorted(([a, i], [b, j]) => a - b || i - j));
});
