import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../savepoints/growing-shop.ts";
import { expectSame, type Line, type Results, sorted } from "./results.ts";
import { AlgebraShop, JOB } from "./shop.ts";

const ORDERS = 200;

/** Windows, by what tells one from others: what is told of one twice is of different rows. */
const WINDOWS = {
  tumbling: ["currency", "from"],
  calendar: ["currency", "from"],
  cumulative: ["currency", "to"],
  listed: ["paymentId", "from"],
} as const;

describe("a savepoint of a job with every operator", () => {
  let shop: AlgebraShop;
  let whole: Results;

  beforeAll(async () => {
    shop = await AlgebraShop.make(ORDERS);
    shop.log.growTo(0.5);
    await Promise.all([begin("begun", ["--savepoint", "two"]), begin("ended", ["--drain", "--savepoint", "drained"])]);
    shop.log.growTo(1);
    whole = await shop.complete("whole");
  }, 120_000);
  afterAll(() => shop[Symbol.dispose]());

  /** Lets a run by two workers read half of the log, and stops it. */
  async function begin(name: string, stop: readonly string[]): Promise<void> {
    shop.log.config(name);
    const run = shop.log.follow(name, ["--parallelism", "2"], JOB);
    await waitFor(() => shop.bytesIn(name) > 0 && (shop.results(name).get("sliding")?.length ?? 0) > 20);
    expect(await shop.log.ask("stop", ...stop, "--config", `${name}.json`)).toMatchObject({ code: 0 });
    await run.ended;
  }

  it.each([1, 3])(
    "is gone on with by %i instead of two, and leaves what an undisturbed run leaves",
    async (workers) => {
      const name = `on${workers}`;
      await shop.complete(name, ["--from-savepoint", "two", "--parallelism", String(workers)]);
      expect(shop.results(name).get("sliding")!.length).toBeGreaterThan(20);
      expectSame(shop.results("begun", name), whole, name);
    },
  );

  it("that ended all windows by draining is gone on with: no row is lost, late for it, or told of twice", async () => {
    await shop.complete("on", ["--from-savepoint", "drained", "--parallelism", "3"]);
    const both = shop.results("ended", "on");

    // All but windows and joins by event time know nothing of an end.
    const changed = /^(tumbling|sliding|session|cumulative|global|calendar|listed|(interval|window)-\w+|as-of(-\w+)?)$/;
    const rest = (all: Results) => new Map([...all].filter(([sink]) => !changed.test(sink)));
    expectSame(rest(both), rest(whole), "drained and gone on with");

    // A window that was open then has two results, of the rows before and behind.
    for (const [sink, key] of Object.entries(WINDOWS)) {
      expect(merged(both.get(sink)!, key), sink).toEqual(merged(whole.get(sink)!, key));
    }
    expect(both.get("tumbling")!.length).toBeGreaterThan(whole.get("tumbling")!.length);
    // Pairs that were not whole are not found any more; what was alone by then is told of as such.
    const pairs = new Set(whole.get("interval-inner")!.map((line) => JSON.stringify(line)));
    expect(both.get("interval-inner")!.filter((line) => !pairs.has(JSON.stringify(line)))).toEqual([]);
    expect(both.get("interval-fullOuter")!.length).toBeGreaterThan(whole.get("interval-fullOuter")!.length);
    // What waited for its row came out without those that were not read by then; what follows finds all of its own.
    for (const sink of ["as-of", "as-of-newest", "as-of-aside"]) {
      const expected = new Set(sorted(whole.get(sink)!));
      const behind = sorted(shop.results("on").get(sink)!);
      expect(
        behind.filter((line) => !expected.has(line)),
        sink,
      ).toEqual([]);
      expect(behind.length, sink).toBeGreaterThan(0);
    }
    for (const sink of ["as-of", "as-of-newest"])
      expect(events(both.get(sink)!), sink).toEqual(events(whole.get(sink)!));
  });
});

/** Which events have results of a join with a table. */
function events(lines: readonly Line[]): string[] {
  return sorted(lines.map(({ batch, no, payment }) => ({ batch, no, payment })));
}

/** Results of windows, those of one window added up. */
function merged(lines: readonly Line[], key: readonly string[]): Map<string, unknown> {
  const windows = new Map<string, { count: bigint; total: bigint; lines: string[] }>();
  for (const line of lines) {
    const name = key.map((field) => line[field]).join(" ");
    const known = windows.get(name) ?? { count: 0n, total: 0n, lines: [] };
    const { count = "0", total, lines: listed } = line as { count?: string; total?: { minor: string }; lines?: string };
    windows.set(name, {
      count: known.count + BigInt(count),
      total: known.total + BigInt(total?.minor ?? "0"),
      lines: [...known.lines, ...(listed?.split(",") ?? [])].sort(),
    });
  }
  return new Map([...windows].sort(([left], [right]) => (left < right ? -1 : 1)));
}
