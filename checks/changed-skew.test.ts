import { describe, expect, it } from "vitest";
import { packCurrency } from "../base/money.ts";
import { hours, minutes, seconds } from "../base/time.ts";
import { ADD } from "../dataflow/change-layout.ts";
import { ComparedRun, comparedJob, type Kind, Line, Payment } from "../test/support/compared-check.ts";
import { ShortOfMemory } from "../test/support/short-memory.ts";

const START = Date.UTC(2026, 0, 1);
const LONG = Number(seconds(90));
const jobOf = (skewMs: number, isPlain: boolean) => comparedJob({ skewMs, retainDays: 60 }, isPlain);

/** A check of one key, whose lines are suspended from three hours on. */
class Suspended {
  readonly #run: ComparedRun;
  readonly #isPlain: boolean;
  #rows = 0;

  constructor(skewMs: number, isPlain: boolean) {
    this.#run = new ComparedRun(new ShortOfMemory(jobOf(skewMs, isPlain)), START);
    this.#isPlain = isPlain;
  }

  put(kind: Kind, amount: number, at: number): void {
    const row = { key: Buffer.from("'one"), row: `row-${this.#rows++}`, amount, currency: packCurrency("EUR") };
    this.#run.put(kind, ADD, [row], START + at);
  }

  advance(at: number): void {
    for (const source of ["shop", "ledger"]) this.#run.advance(source, START + at);
  }

  suspend(): void {
    this.#run.suspend("stop", START + hours(3));
  }

  resume(): void {
    this.#run.resume("stop");
  }

  restart(skewMs: number): void {
    this.#run.check.restart(jobOf(skewMs, this.#isPlain), 1);
  }

  get verdicts(): unknown[] {
    const told = this.#run.check.told.filter(({ output }) => output === "verdicts");
    return told.map(({ record: { status, class: cause, time } }) => [status, cause, (Number(time) - START) / 1000]);
  }
}

describe.each([
  ["a plain key", true],
  ["a key that is not plain", false],
])("%s in a job that begins anew with another skew while a suspension is on", (_, isPlain) => {
  it("is not hidden at a point before it that a longer skew gave it", () => {
    const check = new Suspended(0, isPlain);
    check.put(Payment, 1_000, 0);
    check.put(Line, 1_000, minutes(1));
    check.advance(hours(2));
    check.suspend();
    check.advance(hours(4));
    expect(check.verdicts).toEqual([]);

    check.restart(LONG);
    check.advance(hours(5));
    check.put(Line, 0, hours(6));
    check.advance(hours(6));
    expect(check.verdicts, "the line is to be judged 90 s later").toEqual([]);

    check.advance(hours(7));
    expect(check.verdicts).toEqual([["unobservable", null, (hours(6) + LONG) / 1000]]);
    check.resume();
    expect(check.verdicts.slice(1)).toEqual([["pass", null, (hours(6) + LONG) / 1000]]);
  });

  it("fails at the point before it that a shorter skew gave it", () => {
    const check = new Suspended(LONG, isPlain);
    check.put(Payment, 1_000, hours(2) - 1);
    check.advance(hours(2));
    check.suspend();
    check.advance(hours(3));
    expect(check.verdicts).toEqual([]);

    check.restart(0);
    check.advance(hours(4));
    expect(check.verdicts).toEqual([["fail", "missing", (hours(3) - 1) / 1000]]);
    check.resume();
    expect(check.verdicts).toHaveLength(1);
  });
});
