import { describe, expect, it } from "vitest";
import { packCurrency, unpackCurrency } from "../../base/money.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Entry } from "../row-set.ts";
import { judgeUnique, type Likeness } from "./judgement.ts";

/** A row at a time, with what it is like, and an id that may be missing; 1.00 a row unless it says otherwise. */
interface Row {
  readonly at: number;
  readonly like?: string | null;
  readonly id?: string | null;
  readonly minor?: bigint;
  readonly currency?: string;
}

const WINDOW: Likeness = { class: "duplicate", time: 2, alike: [0], withinMs: 10, confirmedBy: [] };
const CONFIRMED: Likeness = { ...WINDOW, confirmedBy: [1] };
const BY_KEY: Likeness = { class: "duplicate", time: 2, alike: [], withinMs: null, confirmedBy: [] };

function entriesOf(rows: readonly Row[]): Entry[] {
  return rows.map(({ at, like = "a", id = null, minor = 100n, currency = "EUR" }, index) => ({
    leg: 0,
    side: "actual",
    captures: false,
    currency: packCurrency(currency),
    minor,
    dueAt: BEFORE_ALL_TIME,
    from: {
      id: `0/0/${index}`,
      input: 0,
      table: 0,
      row: String(index),
      major: 0,
      minor: index,
      sub: 0,
      time: 1_000,
      seed: null,
      fields: [like, id, at],
    },
  }));
}

/** `0 EUR fail 100 (1 after 0)`: start of the window, currency, status, money at risk, note. */
function say(rows: readonly Row[], likeness: Likeness): string[] {
  return judgeUnique(entriesOf(rows), likeness).map(({ period, currency, status, atRisk, note }) => {
    const start = period === "" ? "" : `${Date.parse(period)} `;
    return `${start}${unpackCurrency(currency)} ${status}${atRisk === 0n ? "" : ` ${atRisk}`}${note === null ? "" : ` (${note})`}`;
  });
}

describe("rows of one key", () => {
  it.each<[string, readonly Row[], readonly string[]]>([
    ["one is right", [{ at: 0 }], ["EUR pass"]],
    ["all but the first are surplus", [{ at: 5 }, { at: 0 }, { at: 900 }], ["EUR fail 200 (0, 2 after 1)"]],
    ["of equal times, the first by row key", [{ at: 0 }, { at: 0, minor: 7n }], ["EUR fail 7 (1 after 0)"]],
    [
      "each currency for itself, but the first is the first of all",
      [{ at: 0 }, { at: 1, currency: "USD" }],
      ["EUR pass", "USD fail 100 (1 after 0)"],
    ],
    [
      "amounts of both signs are at risk alike",
      [{ at: 0 }, { at: 1, minor: 30n }, { at: 2, minor: -30n }],
      ["EUR fail 60 (1, 2 after 0)"],
    ],
    ["a negative amount is no negative risk", [{ at: 0 }, { at: 1, minor: -5n }], ["EUR fail 5 (1 after 0)"]],
    [
      "a note names five of them",
      Array.from({ length: 8 }, (_, at) => ({ at })),
      ["EUR fail 700 (1, 2, 3, 4, 5 and 2 more after 0)"],
    ],
  ])("%s", (_, rows, says) => expect(say(rows, BY_KEY)).toEqual(says));
});

describe("rows that are alike in a window", () => {
  it.each<[string, readonly Row[], readonly string[]]>([
    ["at its edge", [{ at: 0 }, { at: 10 }], ["0 EUR fail 100 (1 after 0)"]],
    ["just behind it", [{ at: 0 }, { at: 11 }], ["0 EUR pass", "11 EUR pass"]],
    ["each in the window of the one before", [{ at: 0 }, { at: 9 }, { at: 18 }], ["0 EUR fail 200 (1, 2 after 0)"]],
    [
      "rows that are not alike lie between",
      [{ at: 0 }, { at: 4, like: "b" }, { at: 8 }],
      ["0 EUR fail 100 (2 after 0)", "4 EUR pass"],
    ],
    [
      "rows without a value are like no other",
      [
        { at: 0, like: null },
        { at: 1, like: null },
      ],
      ["0 EUR pass", "1 EUR pass"],
    ],
    [
      "two clusters that begin together are told together",
      [{ at: 0 }, { at: 0, like: "b" }, { at: 1 }, { at: 2, like: "b" }],
      ["0 EUR fail 200 (2 after 0; 3 after 1)"],
    ],
  ])("%s", (_, rows, says) => expect(say(rows, WINDOW)).toEqual(says));
});

describe("rows whose ids tell repeats apart", () => {
  it.each<[string, readonly Row[], readonly string[]]>([
    [
      "different ids",
      [
        { at: 0, id: "x" },
        { at: 1, id: "y" },
      ],
      ["0 EUR fail 100 (1 after 0)"],
    ],
    [
      "one id: one thing told twice",
      [
        { at: 0, id: "x" },
        { at: 1, id: "x" },
      ],
      ["0 EUR pass"],
    ],
    ["an id that is not there yet", [{ at: 0, id: "x" }, { at: 1 }], ["0 EUR pending"]],
    ["alone, nothing waits for an id", [{ at: 0 }], ["0 EUR pass"]],
    [
      "the first that has one is the first",
      [{ at: 0 }, { at: 1, id: "x" }, { at: 2, id: "y" }, { at: 3, id: "x" }],
      ["0 EUR fail 100 (2 after 1)"],
    ],
  ])("%s", (_, rows, says) => expect(say(rows, CONFIRMED)).toEqual(says));
});

it("says the same of rows in any order, and of each pair within the window that one is surplus", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const rows = Array.from({ length: 1 + random.below(12) }, () => ({
      at: random.below(60),
      like: random.pick(["a", "b"]),
    }));
    const said = judgeUnique(entriesOf(rows), WINDOW);
    const mixed = judgeUnique(shuffled(entriesOf(rows), random), WINDOW);
    const inOrder = (all: typeof said) => [...all].sort((a, b) => (a.period < b.period ? -1 : 1));
    expect(inOrder(mixed), `seed ${seed}`).toEqual(inOrder(said));
    const surplus = said.reduce((sum, { atRisk }) => sum + atRisk, 0n);
    expect(surplus, `seed ${seed}`).toBe(100n * BigInt(rows.filter((row, i) => hasEarlier(rows, row, i)).length));
  }
});

/** What a person would say: an equal row came at most ten before, or at the same time as an earlier row of the table. */
function hasEarlier(rows: readonly Row[], { at, like }: Row, index: number): boolean {
  return rows.some((other, i) => {
    const isBefore = other.at < at || (other.at === at && i < index);
    return isBefore && other.like === like && at - other.at <= 10;
  });
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(random.below(rest.length), 1)[0]!);
}
