import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { seededRandom } from "../../base/random.ts";
import { RowRun, readRun, writeRun } from "./row-run.ts";

/** A row's packed fields. */
function packed(text: string): ByteWriter {
  const out = new ByteWriter();
  out.text(text);
  return out;
}

/** What a run holds, in its order. */
function shown(run: RowRun): string[] {
  const rows: string[] = [];
  for (let place = run.first; place < run.length; place = run.next(place)) {
    rows.push(`${new ByteReader(run.bytes.subarray(run.fieldsAt(place))).text()} ${run.timeAt(place)}`);
  }
  return rows;
}

function rewritten(run: RowRun): RowRun {
  const out = new ByteWriter();
  writeRun(run, out);
  return readRun(new ByteReader(out.bytes()));
}

describe("the rows of one side and key of a join", () => {
  it("are those that came and did not go, in their order; of equal rows the first one goes", () => {
    const random = seededRandom(11);
    for (const most of [10, 100, 1_000]) {
      let run = new RowRun();
      let expected: string[] = [];
      for (let n = 0; n < 5_000; n++) {
        const text = "x".repeat(random.below(40)) + random.below(most);
        if (random.below(most) >= expected.length / 2) {
          run.add(packed(text), n, false);
          expected.push(`${text} ${n}`);
        } else {
          const asked = random.below(4) === 0 ? text : expected[random.below(expected.length)]!.split(" ")[0]!;
          const at = expected.findIndex((row) => row.startsWith(`${asked} `));
          const place = run.find(packed(asked));
          if (at < 0) expect(place).toBe(-1);
          else {
            expect(run.timeAt(place)).toBe(Number(expected[at]!.split(" ")[1]));
            run.remove(place);
            expected.splice(at, 1);
          }
        }
        expect(run.count).toBe(expected.length);
        if (n % 300 === 0) expect(shown(run)).toEqual(expected);
        if (n % 1_000 === 999) run = rewritten(run);
        if (n === 3_333) {
          run = run.after(1_000);
          expected = expected.filter((row) => Number(row.split(" ")[1]) > 1_000);
        }
      }
      expect(shown(run)).toEqual(expected);
      expect(run.length, "what went is let go of").toBeLessThan(200 * (expected.length + 1));
    }
  });

  it.each([
    ["as they came", (_n: number, i: number) => i],
    ["the newest first", (n: number, i: number) => n - 1 - i],
    ["in any order", (n: number, i: number) => (i * 7_919) % n],
  ])("go one by one, %s, without a look at all others each time", (_order, at) => {
    const all = 30_000;
    const run = new RowRun();
    for (let n = 0; n < all; n++) run.add(packed(`row ${n}`), n, false);
    const begun = process.cpuUsage();
    for (let i = 0; i < all; i++) run.remove(run.find(packed(`row ${at(all, i)}`)));
    const { user } = process.cpuUsage(begun);
    expect(run.count).toBe(0);
    expect(user / 1_000, "CPU milliseconds").toBeLessThan(800);
  });
});
