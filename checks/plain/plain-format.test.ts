import { afterEach, describe, expect, it, vi } from "vitest";
import { packCurrency } from "../../base/money.ts";
import { days, hours } from "../../base/time.ts";
import { ADD } from "../../dataflow/change-layout.ts";
import { OperatorHost } from "../../runtime/operators/operator-host.ts";
import { allSaid, ComparedRun, comparedJob, Line, Payment } from "../../test/support/compared-check.ts";
import { ShortOfMemory } from "../../test/support/short-memory.ts";

const START = Date.UTC(2026, 0, 1);
const EUR = packCurrency("EUR");
const JOB = comparedJob({ skewMs: 2_000, retainDays: 60 }, true);

/** What a run says that goes on from a checkpoint whose plain keys were written in a form. */
function toldFrom(format: number, isSeeded: boolean) {
  const { restore } = OperatorHost.prototype;
  vi.spyOn(OperatorHost.prototype, "restore").mockImplementation(function (this: OperatorHost, kept, saved) {
    const [records] = kept.records!;
    const { format: own, ...schema } = JSON.parse(records!.schema);
    expect(own, "the form of today").toBe(4);
    const written = { ...records!, schema: JSON.stringify({ format, ...schema }) };
    restore.call(this, { ...kept, records: [written] }, saved);
  });
  const check = new ShortOfMemory(JOB);
  const run = new ComparedRun(check, isSeeded ? undefined : START);
  const row = (key: string, amount: number) => ({ key: Buffer.from(`'${key}`), row: key, amount, currency: EUR });
  const rows = [row("settled", 100), row("missing", 100), row("changed", 100)];
  if (isSeeded) run.seed(Payment, rows, START);
  else run.put(Payment, ADD, rows, START);
  run.put(Line, ADD, [row("settled", 100)], START + 1);
  run.update(Payment, row("changed", 100), row("changed", 200), START + 2);
  check.restart(JOB, 1);
  run.put(Line, ADD, [row("changed", 200)], START + hours(1));
  for (const source of ["shop", "ledger"]) run.advance(source, START + days(1));
  return allSaid(check);
}

describe("a checkpoint of plain keys", () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([2, 3])("in the former form %i is gone on with", (format) => {
    const told = toldFrom(format, false);
    expect(told.verdicts).toMatchObject([{ key: "'missing", status: "fail", class: "missing" }]);
    vi.restoreAllMocks();
    expect(told).toEqual(toldFrom(4, false));
  });

  it("with rows of the seed, none of which was judged, is gone on with", () => {
    const told = toldFrom(4, true);
    expect(told.verdicts).toMatchObject([{ key: "'missing", status: "fail", class: "missing" }]);
    expect(told.counts[0], "three at the first point of all, and those with changes again").toEqual([START, [2, 3]]);
  });

  it.each([1, 5])("in the form %i, which is not known, is refused", (format) => {
    expect(() => toldFrom(format, false)).toThrow(expect.objectContaining({ code: "STATE_INCOMPATIBLE" }));
  });
});
