import { describe, expect, it } from "vitest";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { type Left, ProcessHarness } from "../../test/support/process-harness.ts";
import { id, idOf, integer, model, table, text } from "../model.ts";
import type { ProcessSpec } from "./process-spec.ts";

const fields = { key: id(), act: text(), at: integer() };
const emits = { key: id(), fired: text() };

/** Does what its rows say, and tells which timers fire. */
const obedient: ProcessSpec<typeof fields, Record<never, never>, typeof emits> = {
  state: {},
  emits,
  onElement({ act, at }, { setTimer, deleteTimer, setProcessingTimer, deleteProcessingTimer }) {
    const time = at === null ? Number.NaN : Number(at);
    if (act === "set") setTimer(time);
    if (act === "delete") deleteTimer(time);
    if (act === "set clock") setProcessingTimer(time);
    if (act === "delete clock") deleteProcessingTimer(time);
  },
  onTimer: ({ key, time, emit }) => emit({ key, fired: `${time}` }),
  onProcessingTimer: ({ key, processingTime, emit }) => emit({ key, fired: `clock ${processingTime}` }),
};

class Harness extends ProcessHarness<typeof fields, Record<never, never>, typeof emits> {
  tell(key: string, act: string, at: bigint | null): this {
    return this.row({ key: idOf(key), act, at }, 0);
  }

  get fired(): string[] {
    return this.emitted.map(({ key, fired }) => `${key}: ${fired}`.replace("'", ""));
  }
}

const harness = (before?: Left) => new Harness(fields, obedient, before);

describe("timers of a process function", () => {
  it("do not fire once they are deleted, and others do", () => {
    const driver = harness();
    for (const at of [5n, 6n, 7n]) driver.tell("a", "set", at).tell("b", "set", at);
    driver.tell("a", "delete", 6n).watermark(10);
    expect(driver.fired).toEqual(["a: 5", "b: 5", "b: 6", "a: 7", "b: 7"]);
  });

  it("of processing time are deleted apart from those of event time", () => {
    const driver = harness().tell("a", "set", 5n).tell("a", "set clock", 5n).tell("a", "set clock", 6n);
    driver.tell("a", "delete clock", 5n).watermark(10).processingTime(10);
    expect(driver.fired).toEqual(["a: 5", "a: clock 10"]);
  });

  it("fire once when they are set again after they were deleted", () => {
    const driver = harness();
    for (const act of ["set", "delete", "set", "delete", "set"]) driver.tell("a", act, 5n);
    expect(driver.watermark(10).fired).toEqual(["a: 5"]);
  });

  it("that a key does not have are deleted without effect", () => {
    const driver = harness().tell("a", "delete", 5n).tell("b", "set", 5n).tell("b", "delete", 6n).watermark(10);
    expect(driver.tell("b", "delete", 5n).watermark(11).fired).toEqual(["b: 5"]);
  });

  it("stay deleted when the job is restored, and can be deleted then", () => {
    const before = harness().tell("a", "set", 5n).tell("a", "set", 6n).tell("a", "set", 7n).tell("a", "delete", 5n);
    expect(harness(before.leave()).tell("a", "delete", 6n).watermark(10).fired).toEqual(["a: 7"]);
  });

  it("stay deleted at another parallelism, and leave nothing of their keys", () => {
    const Act = model("Act", { from: table("test", "acts"), fields });
    const acting = jobOf((env) => env.changes(Act).asEvents().keyBy("key").process("obey", obedient).to("out"));
    let harness = new JobHarness(acting, 2);
    const tell = (key: string, act: string, at: bigint) => harness.row(Act, { key: idOf(key), act, at }, 0);
    for (const key of ["a", "b", "c"]) for (const at of [5n, 6n, 7n]) tell(key, "set", at);
    for (const key of ["a", "b", "c"]) tell(key, "delete", 5n);
    harness = new JobHarness(acting, 3, harness.hold());
    for (const at of [6n, 7n]) tell("b", "delete", at);
    expect(harness.keys()).toBe(2);
    harness = new JobHarness(acting, 1, harness.hold());
    expect(
      harness
        .watermark(10)
        .take()
        .map(({ key, fired }) => `${key} ${fired}`)
        .sort(),
    ).toEqual(["'a 6", "'a 7", "'c 6", "'c 7"]);
  });

  it("are deleted at a time", () => {
    expect(() => harness().tell("a", "delete", null)).toThrow(expect.objectContaining({ code: "JOB_TIMER_INVALID" }));
    expect(() => harness().tell("a", "delete clock", null)).toThrow(
      expect.objectContaining({ code: "JOB_TIMER_INVALID" }),
    );
  });
});

describe("a function of a timer", () => {
  it("deletes another one that the same watermark makes due", () => {
    const driver = new ProcessHarness(fields, {
      ...obedient,
      onTimer: ({ key, time, emit, deleteTimer }) => {
        emit({ key, fired: `${time}` });
        deleteTimer(time + 1);
      },
    });
    for (const at of [5n, 6n, 7n]) driver.row({ key: idOf("a"), act: "set", at }, 0);
    expect(driver.watermark(10).emitted.map(({ fired }) => fired)).toEqual(["5", "7"]);
  });
});
