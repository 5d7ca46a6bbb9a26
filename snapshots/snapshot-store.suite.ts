import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import { overtakenIn } from "./overtaken.ts";
import { MAX_PAGE, type SnapshotPage, type SnapshotRow, type SnapshotStore } from "./snapshot-store.ts";

/** What every backend must do. `open` gives an empty store; the suite closes it. */
export function snapshotStoreSuite(backend: string, open: () => Promise<SnapshotStore>): void {
  describe(`the evidence store on ${backend}`, () => {
    let store: SnapshotStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => store.close());

    describe("putting", () => putting(() => store));
    describe("getting", () => getting(() => store));
    describe("after a run began anew", () => beginningAnew(() => store));
    describe("paging", () => paging(() => store));
  });
}

/** A snapshot of payment 42, changed where the test says so. */
export function snapshot(changes: Partial<SnapshotRow> = {}): SnapshotRow {
  return {
    key: "42",
    check: "payment-settlement",
    currency: "EUR",
    period: "",
    version: 1,
    epoch: 1,
    time: 1_790_000_000_000,
    writtenAt: 1_800_000_000_000,
    status: "fail",
    class: "missing",
    baseline: false,
    verdict: new TextEncoder().encode(`verdict ${changes.version ?? 1}`),
    ...changes,
  };
}

function putting(store: () => SnapshotStore): void {
  it("gives back what was put, byte for byte", async () => {
    const rows = [
      snapshot(),
      snapshot({ key: "'支付|🧾'; DROP TABLE snapshots --", class: null, status: "unobservable", baseline: true }),
      snapshot({ key: "43", period: "2026-11-01T00:00:00.000Z", verdict: new Uint8Array([0, 255, 0, 128]) }),
      snapshot({ key: "44", verdict: new Uint8Array(300_000).fill(7) }),
    ];
    await store().put(rows);
    for (const row of rows) expect((await store().get({ key: row.key })).map(plain)).toEqual([plain(row)]);
  });

  it("takes the same put again and again", async () => {
    const rows = [snapshot(), snapshot({ version: 2, status: "pass", class: null })];
    await store().put(rows);
    await store().put(rows);
    await store().put([rows[0]!]);
    expect((await store().history({ key: "42", limit: 10 })).rows.map(plain)).toEqual(rows.map(plain));
  });

  it("lets the later written of two puts win, whichever comes last", async () => {
    const old = snapshot({ verdict: new Uint8Array([1]) });
    const newer = snapshot({ verdict: new Uint8Array([2]), status: "pass", class: null, writtenAt: old.writtenAt + 1 });
    await store().put([old]);
    await store().put([newer]);
    await store().put([old]);
    expect((await store().get({ key: "42" })).map(plain)).toEqual([plain(newer)]);
  });

  it("keeps a failure when a retraction follows", async () => {
    await store().put([snapshot({ version: 1 })]);
    await store().put([snapshot({ version: 2, status: "pass", class: null })]);
    const { rows } = await store().history({ key: "42", limit: 10 });
    expect(rows.map((row) => [row.version, row.status])).toEqual([[1, "fail"], [2, "pass"]]); // biome-ignore format: short
  });

  it("takes an empty put, and knows nothing of what was never put", async () => {
    await store().put([]);
    expect(await store().get({ key: "42" })).toEqual([]);
    expect(await store().history({ key: "42", limit: 1 })).toEqual({ rows: [], next: null });
    expect(await store().scan({ limit: 1 })).toEqual({ rows: [], next: null });
  });
}

function getting(store: () => SnapshotStore): void {
  beforeEach(async () => {
    await store().put([
      snapshot({ version: 2, time: 200 }),
      snapshot({ version: 1, time: 100 }),
      snapshot({ version: 10, time: 1_000 }),
      snapshot({ currency: "USD", version: 1, time: 150 }),
      snapshot({ check: "refund-limit", version: 1, time: 300 }),
      snapshot({ period: "2026-11-01", version: 1, time: 120 }),
      snapshot({ key: "421", version: 1, time: 100 }),
    ]);
  });
  const found = async (query: object) =>
    (await store().get({ key: "42", ...query })).map(
      (row) => `${row.check} ${row.currency} ${row.period} ${row.version}`,
    );

  it("gives the newest version per check, currency and period", async () => {
    expect(await found({})).toEqual([
      "payment-settlement EUR  10",
      "payment-settlement EUR 2026-11-01 1",
      "payment-settlement USD  1",
      "refund-limit EUR  1",
    ]);
  });

  it("narrows by check, currency and period, of which the empty one is one", async () => {
    expect(await found({ check: "refund-limit" })).toEqual(["refund-limit EUR  1"]);
    expect(await found({ currency: "USD" })).toEqual(["payment-settlement USD  1"]);
    expect(await found({ check: "payment-settlement", currency: "EUR", period: "" })).toEqual([
      "payment-settlement EUR  10",
    ]);
    expect(await found({ check: "payment" })).toEqual([]);
  });

  it("gives one version when it is asked for", async () => {
    expect(await found({ version: 2 })).toEqual(["payment-settlement EUR  2"]);
    expect(await found({ version: 3 })).toEqual([]);
  });

  it("gives what was known as of an event time, inclusive", async () => {
    expect(await found({ asOf: 200, currency: "EUR", period: "" })).toEqual(["payment-settlement EUR  2"]);
    expect(await found({ asOf: 199 })).toEqual([
      "payment-settlement EUR  1",
      "payment-settlement EUR 2026-11-01 1",
      "payment-settlement USD  1",
    ]);
    expect(await found({ asOf: 99 })).toEqual([]);
  });
}

/** An epoch's rows are written later than those of the epoch before. */
function said(epoch: number, version: number, changes: Partial<SnapshotRow> = {}): SnapshotRow {
  const writtenAt = 1_800_000_000_000 + epoch * 1_000 + version;
  return snapshot({
    epoch,
    version,
    time: 100 * version,
    writtenAt,
    verdict: new Uint8Array([epoch, version]),
    ...changes,
  });
}

function beginningAnew(store: () => SnapshotStore): void {
  const put = async (...rows: SnapshotRow[]) => store().put(rows);
  const found = async (query: object = {}) => (await store().get({ key: "42", ...query })).map(saidBy);
  const saidBy = ({ currency, epoch, version }: SnapshotRow) => `${currency} v${version} of epoch ${epoch}`;

  it("takes what a higher epoch says of a version, whichever comes last", async () => {
    await put(said(1, 1), said(1, 2));
    await put(said(2, 2));
    await put(said(1, 2));
    expect((await store().get({ key: "42" })).map(plain)).toEqual([plain(said(2, 2))]);
  });

  it("gives the greatest version of the highest epoch: what was thrown away does not hide it", async () => {
    await put(...[1, 2, 3, 4, 5].map((version) => said(1, version)));
    await put(said(2, 3));
    expect(await found()).toEqual(["EUR v3 of epoch 2"]);
    await put(said(2, 4));
    expect(await found()).toEqual(["EUR v4 of epoch 2"]);
  });

  it("goes on with what was said up to where the run began", async () => {
    await put(...[1, 2, 3, 4, 5].map((version) => said(1, version)));
    await put(said(2, 3));
    const versions = await Promise.all([1, 2, 3, 4, 5].map((version) => found({ version })));
    expect(versions).toEqual([["EUR v1 of epoch 1"], ["EUR v2 of epoch 1"], ["EUR v3 of epoch 2"], [], []]);
  });

  it("knows as of a time what counts now, not what was thrown away", async () => {
    await put(...[1, 2, 3, 4, 5].map((version) => said(1, version)));
    await put(said(2, 3, { time: 450 }));
    expect(await found({ asOf: 250 })).toEqual(["EUR v2 of epoch 1"]);
    expect(await found({ asOf: 449 })).toEqual(["EUR v2 of epoch 1"]);
    expect(await found({ asOf: 450 })).toEqual(["EUR v3 of epoch 2"]);
    expect(await found({ asOf: 450, version: 5 })).toEqual([]);
  });

  it("is overtaken more than once", async () => {
    await put(...[1, 2, 3, 4, 5, 6].map((version) => said(1, version)));
    await put(said(2, 4), said(2, 5));
    await put(said(3, 2));
    expect(await found()).toEqual(["EUR v2 of epoch 3"]);
    expect(await found({ asOf: 199 })).toEqual(["EUR v1 of epoch 1"]);
    await put(said(4, 6));
    expect(await found()).toEqual(["EUR v6 of epoch 4"]);
    expect(await found({ asOf: 599 })).toEqual(["EUR v2 of epoch 3"]);
  });

  it("overtakes within a check, currency and period of a key, and nowhere else", async () => {
    const others = [{ currency: "USD" }, { check: "refund-limit" }, { period: "2026-11-01" }];
    for (const other of others) await put(said(1, 1, other), said(1, 2, other));
    await put(said(1, 1, { key: "421" }), said(1, 1), said(1, 2), said(2, 1));
    const rows = await store().get({ key: "42" });
    expect(rows.map((row) => `${row.check} ${row.currency} ${row.period} ${row.version} ${row.epoch}`)).toEqual([
      "payment-settlement EUR  1 2",
      "payment-settlement EUR 2026-11-01 2 1",
      "payment-settlement USD  2 1",
      "refund-limit EUR  2 1",
    ]);
  });

  it("finds what counts below many versions that do not", async () => {
    await put(...Array.from({ length: 300 }, (_, i) => said(1, i + 1)), said(1, 1, { currency: "USD" }));
    await put(said(2, 7));
    expect(await found()).toEqual(["EUR v7 of epoch 2", "USD v1 of epoch 1"]);
    expect(await found({ version: 200 })).toEqual([]);
    expect(await found({ asOf: 650 })).toEqual(["EUR v6 of epoch 1", "USD v1 of epoch 1"]);
  });

  it("shows all there is in a history, which tells what was overtaken, and in a scan", async () => {
    await put(...[1, 2, 3, 4].map((version) => said(1, version)), said(1, 3, { currency: "USD" }));
    await put(said(2, 2));
    const history = (await store().history({ key: "42", limit: 10 })).rows;
    const all = [
      "EUR v1 of epoch 1",
      "EUR v2 of epoch 2",
      "EUR v3 of epoch 1",
      "EUR v4 of epoch 1",
      "USD v3 of epoch 1",
    ];
    expect(history.map(saidBy)).toEqual(all);
    expect([...overtakenIn(history)].map(saidBy)).toEqual(["EUR v3 of epoch 1", "EUR v4 of epoch 1"]);
    expect((await store().scan({ limit: 10 })).rows.map(saidBy).sort()).toEqual(all);
  });

  it.each([1, 2, 3])("gives of a history that was not overtaken (seed %i)", async (seed) => {
    const random = seededRandom(seed);
    for (let epoch = 1; epoch <= 4; epoch++) {
      const first = 1 + random.below(5);
      await put(
        ...Array.from({ length: random.below(5) }, (_, i) => said(epoch, first + i, { time: random.below(9) })),
      );
    }
    const history = (await store().history({ key: "42", limit: 100 })).rows;
    const overtaken = overtakenIn(history);
    const valid = history.filter((row) => !overtaken.has(row));
    for (let asOf = 0; asOf < 9; asOf++) {
      const expected = valid.filter(({ time }) => time <= asOf).slice(-1);
      expect(await found({ asOf }), `seed ${seed}`).toEqual(expected.map(saidBy));
    }
    for (let version = 1; version < 10; version++) {
      const expected = valid.filter((row) => row.version === version);
      expect(await found({ version }), `seed ${seed}`).toEqual(expected.map(saidBy));
    }
  });
}

function paging(store: () => SnapshotStore): void {
  const all = async (query: (after: { after?: string }) => SnapshotPage | Promise<SnapshotPage>) => {
    const rows: SnapshotRow[] = [];
    let page = await query({});
    for (rows.push(...page.rows); page.next !== null; rows.push(...page.rows)) page = await query({ after: page.next });
    return rows;
  };

  it("gives a key's history in ascending versions, in pages", async () => {
    const rows = Array.from({ length: 12 }, (_, i) => snapshot({ version: i + 1, time: 100 * (12 - i) }));
    await store().put([...rows].reverse());
    await store().put([snapshot({ check: "a-check", version: 1 }), snapshot({ key: "4", version: 1 })]);
    const seen = await all((after) => store().history({ key: "42", limit: 5, ...after }));
    expect(seen.map((row) => `${row.check} ${row.version}`)).toEqual([
      "a-check 1",
      ...rows.map((row) => `payment-settlement ${row.version}`),
    ]);
    const narrowed = await store().history({ key: "42", check: "a-check", currency: "EUR", period: "", limit: 5 });
    expect(narrowed.rows).toHaveLength(1);
  });

  it.each([1, 2, 3])("scans in its order, every row once, whatever the page's size (seed %i)", async (seed) => {
    const rows = randomRows(seed);
    await store().put(rows);
    const expected = [...rows].sort(byScanOrder).map(label);
    for (const limit of [1, 7, 1_000]) {
      expect((await all((after) => store().scan({ limit, ...after }))).map(label), `seed ${seed}`).toEqual(expected);
    }
  });

  it.each([
    ["check", { check: "b" }, (row: SnapshotRow) => row.check === "b"],
    ["status", { status: "pass" }, (row: SnapshotRow) => row.status === "pass"],
    ["class", { class: "missing" }, (row: SnapshotRow) => row.class === "missing"],
    ["time, the end left out", { from: 2, to: 4 }, (row: SnapshotRow) => row.time >= 2 && row.time < 4],
    ["the beginning of the key", { keyPrefix: "'é" }, (row: SnapshotRow) => row.key.startsWith("'é")],
    ["nothing but a pattern's signs", { keyPrefix: "%" }, (row: SnapshotRow) => row.key.startsWith("%")],
    [
      "all at once",
      { check: "a", status: "fail", class: "missing", from: 1, to: 5, keyPrefix: "1" },
      (row: SnapshotRow) =>
        row.check === "a" && row.status === "fail" && row.time >= 1 && row.time < 5 && row.key.startsWith("1"),
    ],
  ] as const)("scans by %s", async (_, query, fits) => {
    const rows = randomRows(4);
    await store().put(rows);
    const seen = await all((after) => store().scan({ limit: 3, ...query, ...after }));
    expect(seen.map(label)).toEqual(rows.filter(fits).sort(byScanOrder).map(label));
  });

  it("sees a row that is put behind the cursor's place", async () => {
    await store().put([snapshot({ key: "1", time: 1 }), snapshot({ key: "2", time: 2 })]);
    const first = await store().scan({ limit: 1 });
    await store().put([snapshot({ key: "3", time: 3 })]);
    expect((await store().scan({ limit: 10, after: first.next! })).rows.map((row) => row.key)).toEqual(["2", "3"]);
  });

  it("has a largest page", async () => {
    await store().put(Array.from({ length: MAX_PAGE + 1 }, (_, i) => snapshot({ version: i + 1 })));
    expect((await store().scan({ limit: 1_000_000 })).rows).toHaveLength(MAX_PAGE);
    expect((await store().history({ key: "42", limit: 1_000_000 })).rows).toHaveLength(MAX_PAGE);
  });

  it("refuses a cursor of another query, and what is none", async () => {
    await store().put([snapshot({ version: 1 }), snapshot({ version: 2 })]);
    const { next } = await store().scan({ limit: 1 });
    const attempts = [next!, "", "x", "W10", Buffer.from('["history",1,2,3,4]').toString("base64url")];
    for (const after of attempts) {
      const attempt = (async () => store().history({ key: "42", limit: 1, after }))();
      await expect(attempt).rejects.toSatisfy((error) => isError(error, "SNAPSHOTS_CURSOR_INVALID"));
    }
  });
}

function randomRows(seed: number): SnapshotRow[] {
  const random = seededRandom(seed);
  const rows = new Map<string, SnapshotRow>();
  for (let i = 0; i < 120; i++) {
    const status = random.pick(["pass", "fail", "unobservable"]);
    const row = snapshot({
      key: random.pick(["1", "10", "2", "'é", "'éa", "'\u{1f9fe}", "'\uff5e", "%", "_"]),
      check: random.pick(["a", "b"]),
      currency: random.pick(["EUR", "USD"]),
      version: 1 + random.below(12),
      time: random.below(6),
      status,
      class: status === "fail" ? "missing" : null,
    });
    rows.set(`${row.key} ${row.check} ${row.currency} ${row.version}`, row);
  }
  return [...rows.values()];
}

function byScanOrder(a: SnapshotRow, b: SnapshotRow): number {
  return (
    a.time - b.time ||
    bytewise(a.key, b.key) ||
    bytewise(a.check, b.check) ||
    bytewise(a.currency, b.currency) ||
    bytewise(a.period, b.period) ||
    a.version - b.version
  );
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function label(row: SnapshotRow): string {
  return `${row.time} ${row.key} ${row.check} ${row.currency} ${row.version} ${row.status}`;
}

/** A row whose bytes compare by content, whatever class holds them. */
function plain(row: SnapshotRow): object {
  return { ...row, verdict: Buffer.from(row.verdict).toString("hex") };
}
