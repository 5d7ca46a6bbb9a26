import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { raise } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import type { TruthReader, TruthRow } from "../../connectors/reread/truth-reader.ts";
import { ChangedKeys } from "../../runtime/changed-keys.ts";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import type { AlertInDoubt } from "./confirmation.ts";
import { Rereading } from "./rereading.ts";

const never = new AbortController().signal;
const FAILS = { status: "fail", currency: "EUR", lower: "100.00", upper: "100.00", actual: "0.00" } as VerdictRecord;

const alertOf = (key: Key, changes: Partial<AlertInDoubt> = {}): AlertInDoubt => ({
  ...{ id: `alert ${key}`, check: "settled", key, currency: "EUR", period: "", verdictVersion: 1 },
  ...changes,
});

/** A ledger with what was settled of each key, in EUR. */
class Ledger implements TruthReader {
  readonly settled = new Map<Key, string>();
  readonly asked: Key[] = [];
  answer: (key: Key) => Promise<void> = async () => undefined;

  async read(key: Key): Promise<readonly TruthRow[]> {
    this.asked.push(key);
    await this.answer(key);
    const amount = this.settled.get(key);
    return amount === undefined ? [] : [{ currency: "EUR", amount }];
  }

  async close(): Promise<void> {}
}

let rereading: Rereading;
afterEach(() => rereading.close());

function over(ledger: Ledger, verdictOf: (alert: AlertInDoubt) => VerdictRecord | undefined = () => FAILS) {
  rereading = new Rereading({
    checks: [{ check: "settled", patienceMs: 60_000, timeoutMs: 1_000, questions: {} }],
    readers: new Map([["settled", new Map([["actual", ledger]])]]),
    redis: undefined,
    prefix: "",
  });
  const disagreements: string[] = [];
  const onDisagreement = (alert: AlertInDoubt) => void disagreements.push(alert.key);
  rereading.begin({ verdictOf: async (alert) => verdictOf(alert), onDisagreement });
  return { disagreements, ask: (key: Key, changes = {}) => rereading.confirm(alertOf(key, changes), never) };
}

describe("an alert that is about to be told", () => {
  it("is confirmed, refuted, or unknown", async () => {
    const ledger = new Ledger();
    ledger.settled.set("2", "100.00");
    ledger.answer = async (key) => {
      if (key === "3") raise("REREAD_FAILED", { source: "ledger", reason: "it is away" });
    };
    const { ask } = over(ledger);
    expect(await ask("1")).toMatchObject({ outcome: "confirmed", note: expect.stringContaining("found 0") });
    expect(await ask("2")).toMatchObject({ outcome: "refuted", holdBackMs: 60_000, lookAgainMs: 6_000 });
    expect(await ask("3")).toMatchObject({ outcome: "unknown", note: expect.stringContaining("it is away") });
    expect(await ask("1", { check: "another" })).toEqual({ outcome: "confirmed", note: "" });
  });

  it("is refuted when its verdict is another by now, and unknown without one", async () => {
    const { ask } = over(new Ledger(), ({ key }) => (key === "1" ? { ...FAILS, status: "pending" } : undefined));
    expect(await ask("1")).toMatchObject({ outcome: "refuted", note: "the change events say pending by now" });
    expect(await ask("2")).toMatchObject({ outcome: "unknown" });
  });

  it("is asked about once for all sinks, and again when its key changes", async () => {
    const ledger = new Ledger();
    const { ask } = over(ledger);
    for (let i = 0; i < 3; i++) await ask("1");
    await Promise.all([ask("1"), ask("1")]);
    // Until a key is hot it is asked about anew: there is no Redis here.
    const { source } = rereading.metrics;
    expect(source).toBe(3);
    await ask("1");
    expect(rereading.metrics).toMatchObject({ source, local: expect.any(Number), hotKeys: 1 });
    ledger.settled.set("1", "100.00");
    expect(await ask("1")).toMatchObject({ outcome: "confirmed" });
    new ChangedKeys(rereading.changedKeys).mark("1", Date.now());
    await sleep(20);
    expect(await ask("1")).toMatchObject({ outcome: "refuted" });
  });

  it("is looked at anew each time that it was held back", async () => {
    const ledger = new Ledger();
    ledger.settled.set("1", "100.00");
    const { ask } = over(ledger);
    for (let i = 0; i < 5; i++) {
      expect(await ask("1")).toMatchObject({ outcome: "refuted" });
      await sleep(2);
    }
    ledger.settled.delete("1");
    expect(await ask("1")).toMatchObject({ outcome: "confirmed" });
  });

  it("waits for no other that is slow, however often that is asked about", async () => {
    const ledger = new Ledger();
    const slow = Promise.withResolvers<void>();
    ledger.answer = async (key) => {
      if (key.length > 1) await slow.promise;
    };
    const { ask } = over(ledger);
    const waiting = Array.from({ length: 50 }, (_, i) => ask(String(100 + i)));
    expect(await ask("1")).toMatchObject({ outcome: "confirmed" });
    slow.resolve();
    await Promise.all(waiting);
  });

  it("is told of once as a disagreement", () => {
    const { disagreements } = over(new Ledger());
    for (let i = 0; i < 3; i++) rereading.disagrees(alertOf("7"), "both pictures");
    expect(disagreements).toEqual(["7"]);
  });
});
