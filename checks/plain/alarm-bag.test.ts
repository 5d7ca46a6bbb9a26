import { expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { AlarmBag } from "./alarm-bag.ts";

it("has each alarm as often as it was added and not taken out, whatever their hashes have in common", () => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  for (const most of [10, 300, 5_000]) {
    const bag = new AlarmBag(most);
    const expected = new Map<string, number>();
    let count = 0;
    for (let step = 0; step < 20_000; step++) {
      const time = random.below(3) / 2;
      const hash = random.pick([random.below(40), random.below(1_000) << 20]);
      const known = expected.get(`${time} ${hash}`) ?? 0;
      if (random.chance(0.55)) {
        expect(bag.add(time, hash), `room, seed ${seed}`).toBe(count < most);
        if (count === most) continue;
        expected.set(`${time} ${hash}`, known + 1);
        count++;
      } else {
        expect(bag.delete(time, hash), `${time} ${hash}, seed ${seed}`).toBe(known > 0);
        if (known === 0) continue;
        expected.set(`${time} ${hash}`, known - 1);
        count--;
      }
    }
    for (const [alarm, times] of expected) {
      const [time, hash] = alarm.split(" ").map(Number) as [number, number];
      for (let left = times; left > 0; left--) expect(bag.delete(time, hash), `${alarm}, seed ${seed}`).toBe(true);
      expect(bag.delete(time, hash), `${alarm}, seed ${seed}`).toBe(false);
    }
  }
});
