import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { idOf } from "../../dataflow/model.ts";
import { type CountingOptions, countingJob, Thing } from "../../test/support/counting-records.ts";
import { type Held, JobHarness } from "../../test/support/job-harness.ts";

describe("records of an operator", () => {
  it.each([1, 2, 3])("are kept until it removes them, on %i workers", (parallelism) => {
    const harness = new JobHarness(countingJob(), parallelism);
    rows(harness, "a", 1, "b", 2, "a", 3);
    expect(harness.keys()).toBe(2);
    expect(told(harness.watermark(12))).toEqual(["b 1"]);
    expect(told(harness.watermark(13))).toEqual(["a 2"]);
    expect(harness.keys()).toBe(0);
  });

  it("are in what is held at a barrier, for any number of workers, and alarms are set anew", () => {
    const seed = Date.now() % 1_000_000;
    const random = seededRandom(seed);
    let harness = new JobHarness(countingJob());
    const counts = new Map<string, number>();
    for (let round = 0; round < 12; round++) {
      for (let row = 0; row < 50; row++) {
        const key = `key ${random.below(100)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        rows(harness, key, random.below(100));
      }
      harness = new JobHarness(countingJob(), 1 + (round % 3), harness.hold());
      expect(harness.keys(), `seed ${seed}`).toBe(counts.size);
    }
    const all = [...counts].map(([key, count]) => `${key} ${count}`);
    expect(told(harness.watermark(110)), `seed ${seed}`).toEqual(all.sort());
  });

  it("are handed to the operator, and gone, where they were written under another schema", () => {
    const upgraded = new JobHarness(countingJob({ schema: "others" }), 3, heldBy({}));
    rows(upgraded, "a", 4, "c", 5);
    expect(tablesOf(upgraded.hold())).toEqual({ "keys/counting": 2, "records/counting/counts": 1 });
    expect(told(upgraded.watermark(100))).toEqual(["c 1"]);
    expect(tablesOf(upgraded.hold())).toEqual({ "keys/counting": 2 });
    expect(told(upgraded.end().report())).toEqual(["a 3", "b 1"]);
  });

  it("are handed to an operator that keeps none any more, whatever their schema", () => {
    const former = new JobHarness(countingJob({ areFormer: true }), 2, heldBy({}));
    rows(former, "a", 4, "c", 5);
    expect(tablesOf(former.hold())).toEqual({ "keys/counting": 3 });
    expect(former.hold().kept).toEqual(heldBy({ schema: undefined }).kept);
    expect(told(former.end().report())).toEqual(["a 3", "b 1", "c 1"]);
  });

  it("stay behind where the operator declares none any more", () => {
    const without = new JobHarness(countingJob({ schema: undefined }), 2, heldBy({}));
    rows(without, "a", 4);
    expect(told(without.end().report())).toEqual(["a 1"]);
  });

  it("begin empty where the operator had none", () => {
    const before = heldBy({ schema: undefined });
    expect(JSON.stringify(before.kept)).toBe(
      '[{"uid":"counting","states":[{"name":"others","schema":"\\"double\\""}],"timers":[]}]',
    );
    const harness = new JobHarness(countingJob(), 2, before);
    rows(harness, "a", 4, "c", 5);
    expect(tablesOf(harness.hold())).toEqual({ "keys/counting": 2, "records/counting/counts": 1 });
    expect(told(harness.end().report())).toEqual(["a 3", "b 1", "c 1"]);
  });
});

/** What a job holds that has counted two keys. */
function heldBy(options: CountingOptions): Held {
  return rows(new JobHarness(countingJob(options), 2), "a", 1, "b", 2, "a", 3).hold();
}

/** Keys and times in turn. */
function rows(harness: JobHarness, ...all: readonly (string | number)[]): JobHarness {
  for (let i = 0; i < all.length; i += 2) harness.row(Thing, { key: idOf(all[i] as string) }, all[i + 1] as number);
  return harness;
}

function told(harness: JobHarness): string[] {
  return harness
    .take()
    .map(({ key, count }) => `${key} ${count}`.replace(/^'/, ""))
    .sort();
}

/** Records by table. */
function tablesOf({ records }: Held): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { table } of records) counts[table] = (counts[table] ?? 0) + 1;
  return counts;
}
