import { describe, expect, it, vi } from "vitest";
import { CountercheckError } from "../../base/errors.ts";
import type { Graph } from "../../dataflow/graph.ts";
import {
  contractSchemas,
  decodeAlert,
  decodeDeadLetter,
  decodeVerdict,
  singleObjectHeader,
} from "../../schemas/contracts.ts";
import { FRAME_LENGTH, schemaIdAt } from "../../schemas/wire-format.ts";
import { Masking } from "../masking.ts";
import { alert, count, fault, NOON, stale, suspension, total, verdict } from "../outputs.test-helper.ts";
import { EvidenceDelivery } from "./evidence-delivery.ts";
import { evidenceTo, HOOK, noticesTo, openHook, resultsOf, SPEC, type Sunk, ToyStore } from "./results.test-helper.ts";

/** What a record's value holds, by its contract. */
function decoded(contract: keyof typeof contractSchemas, { value }: Sunk): Uint8Array {
  return Buffer.concat([singleObjectHeader(contractSchemas[contract]), value.subarray(FRAME_LENGTH)]);
}

describe("results of a task on the cluster", () => {
  it("go to Flink at once, encoded as the embedded runner does", () => {
    const { emit, sunk } = resultsOf();
    emit(verdict("42", 1), alert("42", 1), fault(9), total(12n));
    expect(sunk.map(({ sink, key }) => [sink, key])).toEqual([
      ["verdicts", "42"],
      ["alerts", "42"],
      ["dead-letters", "payments/0/9"],
      ["sinks.totals", null],
    ]);
    const [verdicts, alerts, letters, totals] = sunk as [Sunk, Sunk, Sunk, Sunk];
    expect(schemaIdAt(verdicts.value, 0, verdicts.value.length)).toBe(11);
    expect(decodeVerdict(decoded("verdict", verdicts))).toMatchObject({ key: "42", version: 1, epoch: 7 });
    expect(decodeAlert(decoded("alert", alerts))).toMatchObject({ id: "42", action: "opened", epoch: 7 });
    expect(decodeDeadLetter(decoded("dead-letter", letters))).toMatchObject({ id: "payments/0/9" });
    expect(totals.value.toString()).toBe('{"sum":"12"}');
  });

  it("count what was not emitted, by check, and drop what is reported at the end", () => {
    const { emit, results, sunk } = resultsOf();
    emit(count(3), count(4), { kind: "emit", output: "finals", record: { check: "check" } });
    expect([...results.counts]).toEqual([["check", { pass: 7, pending: 2 }]]);
    expect(sunk).toEqual([]);
  });

  it("tell trouble of the engine when it is new, and then the tenth time, as JSON and as a line", () => {
    const { emit, sunk, notes } = resultsOf();
    for (let i = 0; i < 12; i++) emit(stale);
    emit(suspension, { kind: "mended", suspension: "payments/0/9" });
    const documents = sunk.map(({ value }) => JSON.parse(value.toString()));
    expect(documents).toMatchObject([
      { kind: "engine-alert", job: "settlement", epoch: 7, code: "SOURCE_STALE", seen: 1 },
      { kind: "engine-alert", code: "SOURCE_STALE", seen: 10 },
      { kind: "suspension", code: "CHECKS_SUSPENDED", suspension: "payments/0/9", checks: ["check"] },
      { kind: "mended", suspension: "payments/0/9" },
    ]);
    expect(notes.every((line) => !line.includes("\n"))).toBe(true);
    expect(notes).toHaveLength(4);
  });

  it("bring evidence to its store when the checkpoint is confirmed, with the wall time of its barrier", async () => {
    const store = new ToyStore();
    const { emit, results } = resultsOf({ evidence: evidenceTo(store) });
    emit(verdict("42", 1));
    results.save(1);
    emit(verdict("42", 2));
    results.save(2);
    emit(verdict("42", 3));
    results.confirmed(1);
    await vi.waitFor(() => expect(store.rows.map(({ version }) => version)).toEqual([1]));
    results.confirmed(2);
    await vi.waitFor(() => expect(results.isDelivered).toBe(true));
    expect(store.rows.map(({ version, epoch, writtenAt }) => [version, epoch, writtenAt])).toEqual([
      [1, 7, NOON],
      [2, 7, NOON],
    ]);
    expect(decodeVerdict(store.rows[1]!.verdict)).toMatchObject({ key: "42", version: 2, epoch: 7 });
  });

  it("deliver with a confirmation what belongs to the checkpoints before it, which failed", async () => {
    const store = new ToyStore();
    const { emit, results } = resultsOf({ evidence: evidenceTo(store) });
    emit(verdict("42", 1));
    results.save(1);
    emit(verdict("42", 2));
    results.save(2);
    results.confirmed(2);
    await vi.waitFor(() => expect(store.rows.map(({ version }) => version)).toEqual([1, 2]));
  });

  it("deliver after a restore what was saved and not delivered, just as it was, and not what the checkpoint lacked", async () => {
    const away = new ToyStore();
    away.trouble = new CountercheckError("SNAPSHOTS_UNAVAILABLE", { place: "hbase", reason: "away" });
    const dead = resultsOf({ evidence: evidenceTo(away) });
    dead.emit(verdict("42", 1));
    dead.results.save(1);
    dead.results.confirmed(1);
    dead.emit(verdict("42", 2));
    const saved = dead.results.save(2);
    dead.emit(verdict("42", 3));
    const store = new ToyStore();
    const { results } = resultsOf({ evidence: evidenceTo(store), now: () => NOON + 5 });
    results.restore([saved]);
    await vi.waitFor(() => expect(store.rows.map(({ version }) => version)).toEqual([1, 2]));
    expect(store.rows.map(({ writtenAt }) => writtenAt)).toEqual([NOON, NOON]);
    await dead.results.close();
  });

  it("save what is on its way to a store until it is there", async () => {
    const store = new ToyStore();
    const { emit, results } = resultsOf({ evidence: evidenceTo(store) });
    emit(verdict("42", 1));
    const before = results.save(1).length;
    results.confirmed(1);
    await vi.waitFor(() => expect(results.isDelivered).toBe(true));
    expect(results.save(2).length).toBeLessThan(before / 2);
  });

  it("wait for a server that is away, and fail with one that refuses", async () => {
    const store = new ToyStore();
    store.trouble = new CountercheckError("SNAPSHOTS_UNAVAILABLE", { place: "hbase", reason: "away" });
    const failures: unknown[] = [];
    const { emit, results } = resultsOf({ evidence: evidenceTo(store, (error) => failures.push(error)) });
    emit(verdict("42", 1));
    results.save(1);
    results.confirmed(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    store.trouble = undefined;
    await vi.waitFor(() => expect(store.rows).toHaveLength(1), 2_000);
    store.trouble = new CountercheckError("SNAPSHOTS_TABLE_MISSING", { table: "t", place: "hbase" });
    emit(verdict("42", 2));
    results.save(2);
    results.confirmed(2);
    await vi.waitFor(() => expect(failures).toMatchObject([{ code: "SNAPSHOTS_TABLE_MISSING" }]));
  });

  it("hide what is masked, also in the alert behind the verdict", () => {
    const field = { kind: "text" };
    const model = { name: "Payment", fields: { card: field }, from: [{ source: "shop", table: "payments" }] };
    const graph = { name: "settlement", nodes: [{ type: "changes", uid: "p", model, inputs: [] }] } as unknown as Graph;
    const { emit, sunk } = resultsOf({ mask: new Masking({ fields: ["Payment.card"] }, graph, "test") });
    const row = {
      leg: "l",
      source: "shop",
      table: "payments",
      row: "'1",
      position: "",
      time: 0,
      dueAt: 0,
      amount: "1",
    };
    const [bare, told] = [verdict("42", 1), alert("42", 1)] as { record: object }[];
    const contributions = [{ ...row, fields: { card: "4111-2222" } }];
    emit({ kind: "emit", output: "verdicts", record: { ...bare!.record, contributions, note: "paid by 4111-2222" } });
    emit({ kind: "emit", output: "alerts", record: { ...told!.record, note: "paid by 4111-2222" } });
    expect(decodeVerdict(decoded("verdict", sunk[0]!))).toMatchObject({ note: "paid by •••" });
    expect(decodeAlert(decoded("alert", sunk[1]!))).toMatchObject({ note: "paid by •••" });
    expect(sunk.some(({ value }) => value.includes("4111"))).toBe(false);
    expect(sunk.map(({ sink }) => sink)).toEqual(["verdicts", "alerts"]);
  });

  it("take in nothing more once too much waits", () => {
    const { emit, results } = resultsOf({ evidence: evidenceTo(new ToyStore()) });
    expect(results.isFull).toBe(false);
    const wide = verdict("42", 1);
    const record = (wide as { record: object }).record;
    const huge = { ...wide, record: { ...record, note: "x".repeat(33 << 20) } } as typeof wide;
    emit(huge, huge);
    expect([results.isFull, results.isStuck]).toEqual([true, false]);
  });

  it("take in nothing at all once too much waits for a server, and fail if that stays away", async () => {
    const store = new ToyStore();
    store.trouble = new CountercheckError("SNAPSHOTS_UNAVAILABLE", { url: "http://hbase.test" });
    const clock = { time: 0, now: () => clock.time, sleep: () => passed(5_000) };
    const passed = async (ms: number) => {
      clock.time += ms;
      await new Promise(setImmediate);
    };
    const failed = new Promise<unknown>((onFailure) => {
      const evidence = new EvidenceDelivery({ store, clock, onWaiting: () => undefined, onFailure });
      const { emit, results } = resultsOf({ evidence });
      const wide = verdict("42", 1);
      const record = (wide as { record: object }).record;
      emit({ ...wide, record: { ...record, note: "x".repeat(65 << 20) } } as typeof wide);
      results.save(1);
      expect(results.isStuck).toBe(false);
      results.confirmed(1);
      expect(results.isStuck).toBe(true);
    });
    expect(await failed).toMatchObject({
      code: "EVIDENCE_NOT_TAKEN",
      message: expect.stringMatching(/^68 MB of evidence .* 125 s .*hbase\.test.*Nothing is lost/),
    });
  });
});

describe("notices of a task on the cluster", () => {
  it("go to a webhook when their checkpoint is confirmed, and after a restore with the same idempotency keys", async () => {
    await using hook = await openHook();
    const spec = { ...SPEC, notify: [HOOK] };
    const one = resultsOf({ spec, notices: noticesTo(hook.port, () => undefined) });
    one.emit(verdict("42", 1), alert("42", 1), verdict("42", 2), alert("42", 2));
    const saved = one.results.save(1);
    expect(hook.got).toEqual([]);
    one.results.confirmed(1);
    await vi.waitFor(() => expect(one.results.isDelivered).toBe(true), 3_000);
    expect(hook.got.map(({ body }) => body.action)).toEqual(["opened", "updated"]);
    const other = resultsOf({ spec, notices: noticesTo(hook.port, () => undefined) });
    other.results.restore([saved]);
    await vi.waitFor(() => expect(hook.got).toHaveLength(4), 3_000);
    expect(hook.got[2]!.key).toBe(hook.got[0]!.key);
    for (const { results } of [one, other]) await results.close();
  });

  it("tell trouble of the engine once, also of a job that was restored", async () => {
    await using hook = await openHook();
    const spec = { ...SPEC, notify: [{ ...HOOK, about: "engine" as const }] };
    const one = resultsOf({ spec, notices: noticesTo(hook.port, () => undefined) });
    one.emit(stale, stale);
    one.results.save(1);
    one.results.confirmed(1);
    await vi.waitFor(() => expect(one.results.isDelivered).toBe(true), 3_000);
    const other = resultsOf({ spec, notices: noticesTo(hook.port, () => undefined) });
    other.results.restore([one.results.save(2)]);
    other.emit(stale);
    other.results.save(3);
    other.results.confirmed(3);
    expect(other.results.isDelivered).toBe(true);
    expect(hook.got).toHaveLength(1);
    for (const { results } of [one, other]) await results.close();
  });
});
