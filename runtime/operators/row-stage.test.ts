import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type OrderValues, type RowChange, StageHarness } from "./row-stage.test-helper.ts";

/** Names and sizes as they stand in `semantics`: what the row stage means is tested in test/semantics. */
const values = fc.record({
  orderId: fc.option(fc.nat(3)),
  note: fc.option(fc.constantFrom("", "a", "a much longer note than before", "ü")),
  amount: fc.option(fc.constantFrom(-1n, 0n, 2n ** 62n)),
  items: fc.option(fc.constantFrom(0n, 1n)),
});
const change = fc.record({
  op: fc.constantFrom("create", "update", "update", "delete", "read"),
  row: fc.nat(5),
  at: fc.integer({ min: 0, max: 1_000 }),
  values,
});

const textOf = ({ orderId, note, amount, items }: OrderValues) => `{${orderId}, ${note}, ${amount}, ${items}}`;

describe("the row stage", () => {
  it("hands on adds less retracts that always leave exactly the rows that are live", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (drawn, batchSize) => {
        const harness = new StageHarness();
        const live = new Map<number, string>();
        for (let at = 0; at < drawn.length; at += batchSize) {
          const batch = drawn.slice(at, at + batchSize) as RowChange[];
          harness.push(...batch);
          for (const { op, row, values: next } of batch) {
            if (op === "delete") live.delete(row);
            else live.set(row, textOf(next!));
          }
        }
        expect(folded(harness.out)).toEqual(live);
        for (const row of [0, 1, 2, 3, 4, 5]) {
          expect(harness.lookUp(0, String(row)) !== undefined).toBe(live.has(row));
        }
      }),
    );
  });

  it("says the same in whatever batches a log comes", () => {
    const log = fc.array(change, { maxLength: 30 });
    fc.assert(
      fc.property(log, fc.integer({ min: 1, max: 30 }), (drawn, size) => {
        const [one, many] = [new StageHarness(), new StageHarness()];
        for (const each of drawn) one.push(each as RowChange);
        for (let at = 0; at < drawn.length; at += size) many.push(...(drawn.slice(at, at + size) as RowChange[]));
        expect([many.out, many.events]).toEqual([one.out, one.events]);
      }),
    );
  });

  it("says the same of a log that is read twice, or from any place anew", () => {
    const log = fc.array(change, { maxLength: 30 });
    fc.assert(
      fc.property(log, fc.nat(30), (drawn, from) => {
        const positioned = drawn.map((one, index) => ({ ...one, position: [1, index + 1, 0] as const, at: index }));
        const once = new StageHarness().push(...positioned);
        const again = new StageHarness().push(...positioned).push(...positioned.slice(from));
        expect([again.out, again.events]).toEqual([once.out, once.events]);
        expect(again.repeats).toBe(positioned.slice(from).length);
      }),
    );
  });

  it.each(["read", "incremental"] as const)("tells where a later snapshot finds a row otherwise: %s", (op) => {
    const values = { orderId: 1, note: "a", amount: 5n, items: 1n };
    const harness = new StageHarness().push({ op: "create", row: 1, at: 10, values }, { op, row: 1, at: 20, values });
    expect(harness.events).toEqual([]);
    harness.push({ op, row: 1, at: 30, values: { ...values, note: "b" } });
    expect(harness.events).toEqual(["seed differs"]);
  });

  it("passes over rows as they were before changes, which it knows", () => {
    const log = fc.array(change, { maxLength: 30 });
    fc.assert(
      fc.property(log, values, (drawn, before) => {
        const positioned = drawn.map((one, index) => ({ ...one, position: [1, index + 1, 0] as const, at: index }));
        const withBefore = positioned.flatMap((one) => [{ ...one, op: "before" as const, values: before }, one]);
        const [alone, both] = [new StageHarness().push(...positioned), new StageHarness().push(...withBefore)];
        expect([both.out, both.events, both.repeats]).toEqual([alone.out, alone.events, alone.repeats]);
      }),
    );
  });

  it("knows rows that a topic with more partitions than before has elsewhere, whichever is read first", () => {
    const moves = fc.array(fc.record({ change, group: fc.nat(2) }), { maxLength: 40 });
    fc.assert(
      fc.property(moves, (drawn) => {
        const [one, several] = [new StageHarness(), new StageHarness()];
        for (const [at, { change: next, group }] of drawn.entries()) {
          const positioned = { ...(next as RowChange), at, position: [1, at + 1, 0] as const };
          one.push(positioned);
          several.at(group, ...[0, 1, 2].filter((other) => other !== group)).push(positioned);
          // An older change that comes by way of the other partition is none.
          if (at > 0) several.at((group + 1) % 3, group, (group + 2) % 3).push({ ...positioned, position: [1, at, 0] });
        }
        expect(several.out).toEqual(one.out);
        expect(several.size).toBe(one.size);
      }),
    );
  });

  it("forgets rows some time after they were deleted", () => {
    const harness = new StageHarness(10);
    for (let row = 0; row < 5_000; row++) {
      harness.push(
        { op: "create", row, at: row, values: { orderId: row, note: "n", amount: 1n, items: null } },
        { op: "delete", row, at: row },
      );
      harness.forgetBefore(row);
      expect(harness.size).toBeLessThanOrEqual(12);
    }
    expect(harness.out.at(-1)).toBe("- 4999 {4999, n, 1, null} @4999");
  });

  it("keeps some rows however long ago they were deleted", () => {
    const harness = new StageHarness(10, 0, 3);
    for (let row = 0; row < 8; row++) harness.push({ op: "delete", row, at: row });
    harness.forgetBefore(1_000);
    expect(harness.size).toBe(3);
    harness.push({ op: "delete", row: 8, at: 2_000 });
    harness.forgetBefore(3_000);
    expect(harness.size).toBe(3);
    harness.push({ op: "delete", row: 6, at: 6, position: [1, 7, 0] });
    expect(harness.repeats).toBe(1);
  });

  it("goes on with what another one kept, fields left out and rows to be forgotten included", () => {
    const kept = fc.array(
      fc.record({ change, absent: fc.subarray(["note", "amount"] as const), restart: fc.boolean() }),
    );
    fc.assert(
      fc.property(kept, fc.integer({ min: 0, max: 20 }), (drawn, retainMs) => {
        const [straight, restarted] = [new StageHarness(retainMs), new StageHarness(retainMs)];
        for (const [at, { change: next, absent, restart }] of drawn.entries()) {
          for (const harness of [straight, restarted]) {
            harness.push({ ...(next as RowChange), at, absent });
            harness.forgetBefore(at);
          }
          if (restart) restarted.restart();
          expect(restarted.size).toBe(straight.size);
        }
        expect([restarted.out, restarted.events]).toEqual([straight.out, straight.events]);
      }),
    );
  });

  it("shows the stored row of a key, and nothing of a deleted one", () => {
    const harness = new StageHarness().push({
      op: "create",
      row: 7,
      at: 1,
      values: { orderId: 3, note: "n", amount: null, items: null },
    });
    expect(harness.lookUp(0, "7")?.column("orderId").get(0)).toBe("3");
    expect(harness.lookUp(1, "7")).toBe(undefined);
    harness.push({ op: "delete", row: 7, at: 2 });
    expect(harness.lookUp(0, "7")).toBe(undefined);
  });
});

/** What a reader of the changelog ends up with. Throws on a retract of what was not there. */
function folded(out: readonly string[]): Map<number, string> {
  const rows = new Map<number, string>();
  for (const text of out) {
    const [, sign, row, fields] = /^([+-]) (\d+) (\{.*\}) @/.exec(text)!;
    if (sign === "+") rows.set(Number(row), fields!);
    else if (rows.get(Number(row)) !== fields) throw new Error(`${text} retracts what is not there`);
    else rows.delete(Number(row));
  }
  return rows;
}
