import { describe, expect, it } from "vitest";
import { id, integer, model, table, text } from "../../dataflow/model.ts";
import { value } from "../../dataflow/process/state-spec.ts";
import { JobHarness, jobOf } from "./job-harness.ts";

const Event = model("Event", { from: table("app", "events"), fields: { user: id(), what: text() } });

const counting = jobOf((env) => {
  env
    .changes(Event)
    .asEvents()
    .keyBy("user", "what")
    .process("count", {
      state: { seen: value({ n: integer() }) },
      emits: { key: id(), n: integer() },
      onElement: (_, { key, state, emit, time, setTimer }) => {
        const n = (state.seen.get()?.n ?? 0n) + 1n;
        state.seen.set({ n });
        setTimer(time + 10);
        emit({ key, n });
      },
      onTimer: ({ state }) => state.seen.clear(),
    })
    .to("out");
});

const rows = ["a", "b", "a", "c", "a", "b"].map((user) => ({ user: `'${user}` as never, what: "x|y" }));
const counts = ["'a|'x\\|y 1", "'b|'x\\|y 1", "'a|'x\\|y 2", "'c|'x\\|y 1", "'a|'x\\|y 3", "'b|'x\\|y 2"];
const shown = (harness: JobHarness) => harness.take().map(({ key, n }) => `${key} ${n}`);

describe("the job harness", () => {
  it.each([1, 2, 3])("runs a job on %i workers: each key is one's", (parallelism) => {
    const harness = new JobHarness(counting, parallelism);
    for (const [at, row] of rows.entries()) harness.row(Event, row, at, { worker: at });
    expect(shown(harness)).toEqual(counts);
    expect(harness.keys()).toBe(3);
    expect(harness.watermark(15).keys()).toBe(0);
  });

  it("goes on from what it held, at any parallelism", () => {
    let harness = new JobHarness(counting, 2);
    const out: string[] = [];
    for (const [at, row] of rows.entries()) {
      out.push(...shown(harness.row(Event, row, at)));
      harness = new JobHarness(counting, [1, 3, 2][at % 3]!, harness.hold());
    }
    expect(out).toEqual(counts);
    expect(harness.watermark(13).keys()).toBe(2);
    expect(harness.watermark(15).keys()).toBe(0);
  });
});
