import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../../base/random.ts";
import { hours, seconds } from "../../base/time.ts";
import { id, instant, integer, model, money, table, text } from "../../dataflow/model.ts";
import { restarting } from "../../test/semantics/restarting-job.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { type Job, type JobEnvironment, job } from "../job.ts";
import type { Finding } from "./finding.ts";

const H = 3_600_000;
const SKEW = 2_000;
const Parcel = model("Parcel", {
  from: table("shop", "parcels"),
  fields: { orderId: id(), parcelNo: id(), cost: money(), packedAt: instant() },
  businessTime: "packedAt",
});
const Scan = model("Scan", {
  from: table("carrier", "scans"),
  fields: { orderId: id(), parcelNo: id(), place: text(), scannedAt: instant() },
});

/** Every parcel of an order must have been scanned within a day: what is not is lost, and its cost at risk. */
const parcels = job("parcels", (env) => {
  env.custom("parcels", {
    by: "orderId",
    models: { parcels: env.changes(Parcel), scans: env.changes(Scan) },
    after: { parcels: hours(24) },
    judge({ parcels, scans }, { isDue }) {
      const scanned = new Set(scans.map(({ parcelNo }) => parcelNo));
      const unseen = parcels.filter(({ parcelNo }) => !scanned.has(parcelNo));
      const lost = unseen.filter(isDue);
      if (lost.length === 0) return unseen.length > 0 ? [{ pending: true }] : [];
      const minor = lost.reduce((sum, { cost }) => sum + (cost?.minor ?? 0n), 0n);
      const note = lost.map(({ parcelNo }) => parcelNo).join();
      return [{ class: "parcel-lost", atRisk: { minor, currency: "EUR" }, note }];
    },
  });
});

const packed = (orderId: number, parcelNo: number, at = 0) =>
  ({ orderId, parcelNo, cost: "7.50 EUR", packedAt: at }) as const;
const scan = (orderId: number, parcelNo: number) => ({ orderId, parcelNo, place: "HUB", scannedAt: 0 }) as const;
const lines = (driver: TestDriver) =>
  driver.verdicts().map((v) => `${v.key} v${v.version} ${v.status} ${v.class} ${v.atRisk} ${v.currency} ${v.time / H}`);

describe("a check by a function", () => {
  it("says how a key fails when it does, and that it is over", () => {
    const driver = testJob(parcels)
      .upsert(Parcel, 1, { at: 0 }, packed(1, 11))
      .upsert(Parcel, 2, { at: 0 }, packed(1, 12))
      .upsert(Parcel, 3, { at: 0 }, packed(2, 21))
      .upsert(Scan, 1, { at: H }, scan(2, 21))
      .advance(30 * H)
      .upsert(Scan, 2, { at: 40 * H }, scan(1, 11))
      .upsert(Scan, 3, { at: 50 * H }, scan(1, 12))
      .advance(60 * H);
    const late = SKEW / H;
    expect(lines(driver)).toEqual([
      `1 v1 fail parcel-lost 15.00 EUR ${24 + late}`,
      `1 v2 fail parcel-lost 7.50 EUR ${40 + late}`,
      `1 v3 pass null 0 EUR ${50 + late}`,
    ]);
    expect(driver.verdicts()[0]).toMatchObject({
      note: "11,12",
      rule: { expression: "judge(parcels, scans) by orderId" },
      contributions: [
        { leg: "parcels", row: "1" },
        { leg: "parcels", row: "2" },
      ],
    });
    expect(driver.alerts().map(({ action, class: cause, note }) => [action, cause, note])).toEqual([
      ["opened", "parcel-lost", "11,12"],
      ["updated", "parcel-lost", "12"],
      ["resolved", "parcel-lost", null],
    ]);
  });

  it("waits where it is told that it is too early", () => {
    const driver = testJob(parcels)
      .upsert(Parcel, 1, { at: 0 }, packed(1, 11))
      .end(20 * H);
    expect(driver.finals()).toMatchObject([{ key: "1", status: "pending" }]);
    expect(driver.verdicts()).toEqual([]);
  });

  it("has one verdict for each currency and period, of which the first finding counts", () => {
    const periods = custom(() => [
      { class: "a", currency: "EUR", period: 0 },
      { class: "b", currency: "EUR", period: 0 },
      { class: "b", currency: "EUR", period: H },
      { class: "c", atRisk: { minor: 5n, currency: "JPY" } },
      { class: "d" },
    ]);
    const driver = testJob(periods).upsert(Parcel, 1, { at: 0 }, packed(1, 11)).advance(H);
    expect(driver.alerts().map((a) => [a.class, a.currency, a.period, a.atRisk])).toEqual([
      ["a", "EUR", "1970-01-01T00:00:00.000Z", "0.00"],
      ["b", "EUR", "1970-01-01T01:00:00.000Z", "0.00"],
      ["c", "JPY", "", "5"],
      ["d", "XXX", "", "0"],
    ]);
  });

  it("is shown rows in an order of their own, which nobody can change", () => {
    const seen: unknown[] = [];
    const looking = custom(({ parcels }, { changedAt }) => {
      seen.push(parcels.map((row) => [(row as { parcelNo: string }).parcelNo, changedAt(row), Object.isFrozen(row)]));
      return [];
    });
    testJob(looking)
      .upsert(Parcel, 2, { at: 2 * H }, packed(1, 12))
      .seed(Parcel, 9, { at: 1 * H }, packed(1, 19))
      .upsert(Parcel, 1, { at: 2 * H }, packed(1, 11))
      .upsert(Parcel, 3, { at: H }, packed(1, 13))
      .advance(5 * H);
    expect(seen.at(-1)).toEqual([
      ["13", H, true],
      ["19", H, true],
      ["11", 2 * H, true],
      ["12", 2 * H, true],
    ]);
  });
});

describe("money of another scale", () => {
  const Fine = model("Fine", { from: table("shop", "fine"), fields: { orderId: id(), cost: money({ scale: 4 }) } });
  const Coarse = model("Coarse", {
    from: table("shop", "coarse"),
    fields: { orderId: id(), cost: money({ scale: 0 }) },
  });

  it.each([
    [Fine, "1.2345 EUR", "1.2345"],
    [Coarse, "12 EUR", "12.00"],
  ])("is told as the models have it", (of, cost, atRisk) => {
    const all = job("all", (env) => {
      env.custom("all", {
        by: "orderId",
        models: { costs: env.changes(of) },
        judge: ({ costs }) => costs.flatMap(({ cost }) => (cost === null ? [] : [{ class: "cost", atRisk: cost }])),
      });
    });
    const driver = testJob(all).upsert(of, 1, { at: 0 }, { orderId: 1, cost }).advance(H);
    expect(driver.alerts()).toMatchObject([{ atRisk, currency: "EUR" }]);
  });
});

/** Counts the points of a key, and notes what was ever scanned where. */
const counting = job("counting", (env) => {
  env.custom("counting", {
    by: "orderId",
    models: { scans: env.changes(Scan) },
    state: { points: 0n, places: [] as string[] },
    judge({ scans }, { state }) {
      state.points += 1n;
      for (const { place } of scans) if (place !== null && !state.places.includes(place)) state.places.push(place);
      const note = `${state.points} ${state.places.join()}`;
      return state.places.length > 1 ? [{ class: "moved", note }] : [];
    },
  });
});

describe("what a function keeps of a key", () => {
  it.each([
    ["without", counting],
    ["with", restarting(counting)],
  ])("is what it left at the point before, %s restarts", (_, job) => {
    const driver = testJob(job);
    for (const [hour, place] of ["A", "A", "B", "C", "A"].entries()) {
      driver.upsert(Scan, 1, { at: hour * H }, { ...scan(1, 1), place }).advance(hour * H + 5_000);
    }
    expect(driver.verdicts().map(({ note }) => note)).toEqual(["2 A,B", "3 A,B,C", "4 A,B,C"]);
  });

  it("does not move on when a point is judged again", () => {
    const fault = { id: "t/0/7", source: "carrier", table: "scans", fields: { Scan: { orderId: "1" } } };
    const driver = testJob(counting)
      .upsert(Scan, 1, { at: 0 }, { ...scan(1, 1), place: "A" })
      .upsert(Scan, 1, { at: H }, { ...scan(1, 1), place: "B" })
      .advance(2 * H)
      .fault(fault)
      .settle(fault.id)
      .fault({ ...fault, id: "t/0/8" })
      .settle("t/0/8")
      .upsert(Scan, 1, { at: 3 * H }, { ...scan(1, 1), place: "C" })
      .advance(4 * H);
    expect(driver.verdicts().map(({ status, note }) => `${status} ${note}`)).toEqual([
      "fail 2 A,B",
      "unobservable null",
      "fail 2 A,B",
      "unobservable null",
      "fail 2 A,B",
      "fail 3 A,B,C",
    ]);
  });
});

describe("a function that fails", () => {
  it("makes its key unobservable, tells it once, and goes on with the others", () => {
    let isMended = false;
    const failing = custom(({ parcels }, { key }) => {
      if (key === "1" && parcels.length > 1 && !isMended) throw new Error("two parcels");
      return [{ class: "seen", atRisk: { minor: BigInt(parcels.length), currency: "EUR" } }];
    });
    const driver = testJob(failing)
      .upsert(Parcel, 1, { at: 0 }, packed(1, 11))
      .advance(H)
      .upsert(Parcel, 2, { at: 2 * H }, packed(1, 12))
      .upsert(Parcel, 3, { at: 2 * H }, packed(2, 21))
      .advance(5 * H);
    expect(driver.verdicts(1).map(({ status, currency, reason }) => [status, currency, reason])).toEqual([
      ["fail", "EUR", null],
      ["unobservable", "XXX", expect.stringContaining("failed at key 1, which is unobservable")],
      ["unobservable", "EUR", expect.stringContaining("two parcels")],
    ]);
    expect(driver.verdicts(2)).toMatchObject([{ status: "fail", class: "seen" }]);
    expect(driver.engineAlerts.map((alert) => [alert.id, alert.code, alert.source])).toEqual([
      ["CHECK_FUNCTION_FAILED/custom", "CHECK_FUNCTION_FAILED", "shop"],
    ]);
    isMended = true;
    driver.advance(7 * H);
    expect(
      driver
        .verdicts(1)
        .slice(3)
        .map(({ status, atRisk }) => `${status} ${atRisk}`),
    ).toEqual(["fail 0.02", "pass 0"]);
    expect(driver.alerts().map(({ key, action }) => `${key} ${action}`)).toEqual(["1 opened", "2 opened", "1 updated"]);
  });

  it.each<[string, () => unknown, string]>([
    ["nothing", () => undefined, "it gave undefined, and should give a list of findings"],
    ["a promise", () => Promise.resolve([]), "it gave a promise"],
    ["text", () => ["lost"], 'one of its findings is "lost"'],
    ["a class that is none", () => [{ class: "Lost" }], 'its class is "Lost", and should be in kebab-case'],
    ["no class", () => [{ note: "x" }], "its class is undefined"],
    ["a class that has a meaning", () => [{ class: "unknown-after-retention" }], "its class is"],
    ["a float", () => [{ class: "a", atRisk: { minor: 5, currency: "EUR" } }], "its money at risk is 5"],
    ["money back", () => [{ class: "a", atRisk: { minor: -5n, currency: "EUR" } }], "its money at risk is -5"],
    ["two currencies", () => [{ class: "a", currency: "USD", atRisk: { minor: 5n, currency: "EUR" } }], "in EUR, and"],
    ["no currency", () => [{ class: "a", currency: "EURO" }], 'its currency is "EURO"'],
    ["a period that is text", () => [{ class: "a", period: "May" }], 'its period is "May"'],
    ["a note that is no text", () => [{ class: "a", note: 5 }], "its note is 5"],
    [
      "a long note",
      () => [{ class: "a", note: "n".repeat(2_001) }],
      "its note has 2001 characters, and should have 2000",
    ],
    ["a long class", () => [{ class: "a".repeat(101) }], "its class has 101 characters, and should have 100 at most"],
    ["many findings", () => Array(101).fill({ class: "a" }), "it gave 101 findings, and should have 100 at most"],
  ])("says that it gave %s", (_, judge, reason) => {
    const driver = testJob(custom(judge as () => Finding[]))
      .upsert(Parcel, 1, { at: 0 }, packed(1, 1))
      .advance(H);
    expect(driver.verdicts()).toMatchObject([{ status: "unobservable", reason: expect.stringContaining(reason) }]);
  });

  it.each([
    ["cannot be kept", Number.NaN, "state.left is NaN, which cannot be kept"],
    ["is too much", "é".repeat(32_000), "state is 64012 bytes of text, and should be 64000 at most"],
  ])("says that what it leaves %s", (_, left, reason) => {
    const keeping = job("keeping", (env) => {
      env.custom("keeping", {
        by: "orderId",
        models: { parcels: env.changes(Parcel) },
        state: { left: null as number | string | null },
        judge(_, { state }) {
          state.left = left;
          return [];
        },
      });
    });
    const driver = testJob(keeping).upsert(Parcel, 1, { at: 0 }, packed(1, 1)).advance(H);
    expect(driver.verdicts()).toMatchObject([{ reason: expect.stringContaining(reason) }]);
    expect(driver.engineAlerts).toMatchObject([{ code: "CHECK_FUNCTION_FAILED" }]);
  });

  it("may say and keep as much as the limits", () => {
    const all = job("all", (env) => {
      env.custom("all", {
        by: "orderId",
        models: { parcels: env.changes(Parcel) },
        state: { left: "" },
        judge(_, { state }) {
          state.left = "s".repeat(64_000 - '{"left":"\'"}'.length);
          return Array(100).fill({ class: "a".repeat(100), note: "n".repeat(2_000) }) as Finding[];
        },
      });
    });
    const driver = testJob(all).upsert(Parcel, 1, { at: 0 }, packed(1, 1)).advance(H);
    expect(driver.verdicts()).toMatchObject([{ status: "fail" }]);
  });
});

const SEED = Number(process.env.COUNTERCHECK_CUSTOM_SEED ?? Date.now() % 1_000_000_000);

describe(`whatever the interleaving of tables (seed ${SEED})`, () => {
  it("and whenever it is restarted, a function says the same", () => {
    const wanted = new Set<string>();
    for (let run = 0; run < 25; run++) {
      const random = seededRandom(SEED).fork(`run ${run}`);
      const feeds = [parcelsOf(random), scansOf(random)];
      const told = [parcelsAndState, restarting(parcelsAndState)].flatMap((of) =>
        [1, 2].map((order) => play(of, feeds, seededRandom(SEED + run).fork(`order ${order}`))),
      );
      for (const other of told) expect(other, `run ${run} of seed ${SEED}`).toEqual(told[0]);
      for (const line of told[0]!) wanted.add(line.split(" ")[2]!);
    }
    expect(wanted).toEqual(new Set(["fail", "pass"]));
  });
});

/** As `parcels`, with a history of what was lost. */
const parcelsAndState = job("parcels-and-state", (env) => {
  env.custom("parcels", {
    by: "orderId",
    models: { parcels: env.changes(Parcel), scans: env.changes(Scan) },
    after: { parcels: seconds(30) },
    state: { lost: [] as string[], points: 0n },
    judge({ parcels, scans }, { isDue, state }) {
      state.points++;
      const scanned = new Set(scans.map(({ parcelNo }) => parcelNo));
      const lost = parcels.filter((row) => isDue(row) && !scanned.has(row.parcelNo));
      for (const { parcelNo } of lost) if (!state.lost.includes(parcelNo!)) state.lost.push(parcelNo!);
      const minor = BigInt(state.lost.length);
      return lost.length === 0
        ? []
        : [{ class: "parcel-lost", atRisk: { minor, currency: "EUR" }, note: `${state.points}` }];
    },
  });
});

type Feed = readonly { readonly at: number; push(driver: TestDriver): unknown }[];

function parcelsOf(random: Random): Feed {
  return timesOf(random).map((at, i) => {
    const [row, orderId, parcelNo] = [1 + random.below(5), 1 + random.below(3), 1 + random.below(4)];
    const isGone = i > 4 && random.chance(0.2);
    const values = { orderId, parcelNo, cost: "1.00 EUR", packedAt: at } as const;
    return {
      at,
      push: (driver) => (isGone ? driver.delete(Parcel, row, { at }) : driver.upsert(Parcel, row, { at }, values)),
    };
  });
}

function scansOf(random: Random): Feed {
  return timesOf(random).map((at) => {
    const [row, orderId, parcelNo] = [1 + random.below(6), 1 + random.below(3), 1 + random.below(4)];
    return { at, push: (driver) => driver.upsert(Scan, row, { at }, scan(orderId, parcelNo)) };
  });
}

function timesOf(random: Random): number[] {
  let at = 0;
  return Array.from({ length: 25 }, () => (at += 100 + random.below(9_000)));
}

/** Plays two sources side by side, each in its order. */
function play(of: Job, feeds: readonly Feed[], random: Random): string[] {
  const driver = testJob(of);
  const sources = ["shop", "carrier"];
  const rest = feeds.map((feed) => [...feed]);
  while (rest.some((feed) => feed.length > 0)) {
    const which = random.below(2);
    const next = rest[which]!.shift();
    if (next === undefined) continue;
    next.push(driver);
    if (random.chance(0.5)) driver.advance(next.at, sources[which]!);
  }
  driver.advance(400_000);
  return driver
    .verdicts()
    .map((v) => `${v.key} ${v.version} ${v.status} ${v.currency} ${v.atRisk} ${v.note} ${v.time}`)
    .sort();
}

/** A check of parcels by a function. */
function custom(
  judge: (
    rows: { readonly parcels: readonly object[] },
    context: { readonly key: string; changedAt(row: object): number },
  ) => readonly Finding[],
): Job {
  return job("custom", (env) =>
    env.custom("custom", { by: "orderId", models: { parcels: env.changes(Parcel) }, judge }),
  );
}

describe("a check by a function is refused", () => {
  const Plain = model("Plain", {
    from: table("shop", "plain"),
    fields: { orderId: integer(), cost: money({ scale: 4 }) },
  });
  const Log = model("Log", { from: table("shop", "log"), fields: { orderId: id() }, insertsOnly: true });
  const judge = () => [];

  it.each<[string, (env: JobEnvironment) => object, string]>([
    ["without models", () => ({ by: "orderId", models: {}, judge }), "`models` names none"],
    [
      "with rows of no model",
      (env) => ({ by: "orderId", models: { a: env.changes(Parcel).asEvents() }, judge }),
      "`models.a` should be rows of a model",
    ],
    [
      "with a name that is none",
      (env) => ({ by: "orderId", models: { "a-b": env.changes(Parcel) }, judge }),
      'the name "a-b"',
    ],
    [
      "with the same rows twice",
      (env) => ({ by: "orderId", models: { a: env.changes(Parcel), b: env.changes(Parcel) }, judge }),
      "two of its `models` are the same rows",
    ],
    ["with inserts only", (env) => ({ by: "orderId", models: { a: env.changes(Log) }, judge }), "Log has inserts only"],
    ["without a key", (env) => ({ by: [], models: { a: env.changes(Parcel) }, judge }), "`by` names no field"],
    [
      "with a key that a model lacks",
      (env) => ({ by: "packedAt", models: { a: env.changes(Parcel), b: env.changes(Scan) }, judge }),
      "`by` names packedAt, which b does not have",
    ],
    [
      "with keys of two kinds",
      (env) => ({ by: "orderId", models: { a: env.changes(Parcel), b: env.changes(Plain) }, judge }),
      "which is id and integer",
    ],
    [
      "with deadlines of others",
      (env) => ({ by: "orderId", models: { a: env.changes(Parcel) }, after: { b: hours(1) }, judge }),
      "`after` names b",
    ],
    [
      "with a deadline without a unit",
      (env) => ({ by: "orderId", models: { a: env.changes(Parcel) }, after: { a: 5 }, judge }),
      "`after.a` is 5 ms",
    ],
    [
      "without a function",
      (env) => ({ by: "orderId", models: { a: env.changes(Parcel) } }),
      "`judge` should be a function",
    ],
    [
      "with one that is async",
      (env) => ({ by: "orderId", models: { a: env.changes(Parcel) }, judge: async () => [] }),
      "gives its findings at once",
    ],
    [
      "with a state that cannot be kept",
      (env) => ({ by: "orderId", models: { a: env.changes(Parcel) }, state: { at: new Date(0) }, judge }),
      "its state.at is no plain object",
    ],
    [
      "with money of two scales",
      (env) => ({ by: "parcelNo", models: { a: env.changes(Parcel), b: env.changes(Parcel2) }, judge }),
      "has several scales",
    ],
  ])("%s", (_, spec, reason) => {
    const wrong = job("wrong", (env) => env.custom("wrong", spec(env) as never));
    expect(() => wrong.graph()).toThrow(
      expect.objectContaining({ code: "RULE_INVALID", message: expect.stringContaining(reason) }),
    );
  });

  const Parcel2 = model("Parcel2", {
    from: table("shop", "parcels2"),
    fields: { parcelNo: id(), cost: money({ scale: 4 }) },
  });
});
