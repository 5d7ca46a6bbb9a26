import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import type { HistoryEntry, Recorder } from "../../cli/recorder.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { AlteredShop, MendingRun } from "./mending-job.ts";

const ORDERS = 150;
/** From this line on the table is altered. */
const ALTERED = 80;

/** What differs from a run whose mapping could read all of it from the beginning: what could not be observed, and versions. */
function told(results: Recorder, check: string): Record<"history" | "finals" | "alerts", string[]> {
  const keys = Map.groupBy(
    results.history.filter((entry) => entry.check === check).sort((a, b) => a.version - b.version),
    ({ key, currency }) => `${key} ${currency}`,
  );
  const history = [...keys].flatMap(([name, entries]) =>
    seenOf(entries).map((entry) => `${name}: ${JSON.stringify(entry)}`),
  );
  const finals = results.finals.filter((final) => final.check === check).map((final) => JSON.stringify(final));
  const alerts = results.alerts
    .filter((alert) => alert.check === check)
    .map(({ verdictVersion: _, repeats: __, ...alert }) =>
      JSON.stringify(Object.entries(JSON.parse(JSON.stringify(alert))).sort()),
    );
  return { history: history.sort(), finals: finals.sort(), alerts: alerts.sort() };
}

/** A verdict that says again what was said before it was unobservable says nothing. */
function seenOf(entries: readonly HistoryEntry[]): object[] {
  const seen: Omit<HistoryEntry, "version">[] = [];
  for (const { version: _, ...entry } of entries) {
    const last = seen.at(-1);
    if (entry.status === "unobservable" || (last !== undefined && newsOf(entry) === newsOf(last))) continue;
    if (entry.status === "fail" || last?.status === "fail") seen.push(entry);
  }
  return seen;
}

/** What makes a verdict another one than that before it. */
const newsOf = ({ status, class: cause, atRisk, legs }: Omit<HistoryEntry, "version">) =>
  JSON.stringify(status === "fail" ? [cause, atRisk, legs] : status);

const unobservable = (results: Recorder, check: string) =>
  results.history.filter((entry) => entry.check === check && entry.status === "unobservable").length;

const ofKind = <K extends OutboxRecord["kind"]>(records: readonly OutboxRecord[], kind: K) =>
  records.filter((each): each is Extract<OutboxRecord, { kind: K }> => each.kind === kind);

async function straight(seed: number): Promise<Recorder> {
  using shop = await AlteredShop.make(seed, ORDERS, ALTERED);
  shop.growTo(1);
  const run = new MendingRun(shop, seed, 1);
  expect(await run.process(true, { type: "end" })).toBe(true);
  expect(run.results.history.length).toBeGreaterThan(10);
  return run.results;
}

describe("a model whose mapping is mended after a breaking change", () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 1],
    [4, 2],
  ])(
    "is judged as if it had always been so (seed %i, %i workers)",
    async (seed, parallelism) => {
      const random = seededRandom(seed).fork("test");
      const expected = await straight(seed);
      using shop = await AlteredShop.make(seed, ORDERS, ALTERED);
      const run = new MendingRun(shop, seed, parallelism);
      shop.growTo(0.2);
      await run.process(false, { type: "stop", turns: 60 });
      shop.growTo(0.75);
      for (let i = 0; i < 2; i++) await run.process(false, { type: "crash", turns: 5 + random.below(55) });
      await run.process(false, { type: "stop", turns: 400 });
      expect(ofKind(run.records, "suspension").length).toBeGreaterThan(0);
      expect(ofKind(run.records, "mended")).toEqual([]);
      expect(unobservable(run.results, "settlement")).toBeGreaterThan(0);
      for (let i = 0; i < 4; i++) await run.process(true, { type: "crash", turns: 2 + random.below(13) });
      shop.growTo(1);
      for (let i = 0; i < 2; i++) await run.process(true, { type: "crash", turns: 2 + random.below(13) });
      expect(await run.process(true, { type: "end" })).toBe(true);

      const { results } = run;
      expect(unobservable(results, "other")).toBe(0);
      for (const check of ["other", "settlement"]) {
        const [own, whole] = [told(results, check), told(expected, check)];
        for (const what of ["history", "finals", "alerts"] as const) {
          expect(own[what].filter((line) => !whole[what].includes(line))).toEqual([]);
          expect(own[what]).toEqual(whole[what]);
        }
      }
      const suspended = new Set(ofKind(run.records, "suspension").map(({ suspension }) => suspension.id));
      expect(new Set(ofKind(run.records, "mended").map(({ suspension }) => suspension))).toEqual(suspended);
      const behind = ofKind(run.records, "emit").filter(
        ({ record }) => (record as { code?: string }).code === "BEHIND_FRONTIER",
      );
      expect(behind).toEqual([]);
      const changes = ofKind(run.records, "schema-change").map(({ change }) => `${change.table} ${change.class}`);
      expect(new Set(changes)).toEqual(new Set(["settlement_lines breaking", "payments harmless"]));
    },
    60_000,
  );
});
