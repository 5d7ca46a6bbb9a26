import { expect, it } from "vitest";
import { seededRandom } from "./random.ts";
import { SortedList } from "./sorted-list.ts";

interface Item {
  readonly rank: number;
  readonly number: number;
}

const byRank = (left: Item, right: Item) => left.rank - right.rank;

it.each(Array.from({ length: 12 }, (_, seed) => seed))(
  "holds what a list holds that is sorted after each step (seed %i)",
  (seed) => {
    const random = seededRandom(seed);
    const ranks = [3, 100, 1_000_000][seed % 3]!;
    const expected: Item[] = Array.from({ length: random.below(3_000) }, (_, number) => ({
      rank: random.below(ranks),
      number,
    }));
    const list = SortedList.of(expected, byRank);
    expected.sort(byRank);
    for (let number = 3_000; number < 7_000; number++) {
      const item = { rank: random.chance(0.5) ? ranks : random.below(ranks), number };
      if (random.chance(0.55)) {
        list.add(item);
        const place = expected.findIndex((other) => other.rank > item.rank);
        expected.splice(place < 0 ? expected.length : place, 0, item);
      } else if (random.chance(0.5)) expect(list.takeFirst()).toBe(expected.shift());
      else {
        expect(list.remove(item)).toBe(false);
        const gone = expected.splice(random.below(Math.max(1, expected.length)), 1);
        for (const each of gone) expect(list.remove(each)).toBe(true);
      }
      expect([list.size, list.first]).toEqual([expected.length, expected[0]]);
    }
    expect([...list]).toEqual(expected);
    const from = Math.floor(ranks / 2);
    expect([...list.behind(({ rank }) => rank < from)]).toEqual(expected.filter(({ rank }) => rank >= from));
    expect(list.firstBehind(({ rank }) => rank < from)).toBe(expected.find(({ rank }) => rank >= from));
    expect(list.firstBehind(() => true)).toBeUndefined();
    for (const rank of [-1, 0, from, ranks, ranks + 1]) {
      expect(list.find({ rank, number: -1 })).toBe(expected.findLast((item) => item.rank === rank));
    }
    const visited: Item[] = [];
    list.forEach((item) => void visited.push(item));
    expect(visited).toEqual(expected);
    list.clear();
    expect([list.size, list.first, ...list]).toEqual([0, undefined]);
  },
);
