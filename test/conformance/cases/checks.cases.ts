import { hours, id, instant, job, minus, minutes, model, money, table, text } from "countercheck";
import { at, beat, type ConformanceCase, rowsOf } from "../format.ts";

const amounts = { orderId: id(), status: text(), amount: money(), happenedAt: instant() };
const happened = { businessTime: "happenedAt" } as const;

const Charge = model("ReconciledCharge", { from: table("reconcile-shop", "charges"), fields: amounts, ...happened });
const Payback = model("ReconciledPayback", { from: table("reconcile-shop", "paybacks"), fields: amounts, ...happened });
const Deposit = model("ReconciledDeposit", { from: table("reconcile-bank", "deposits"), fields: amounts, ...happened });
const charge = rowsOf("reconcile-shop", "charges");
const payback = rowsOf("reconcile-shop", "paybacks");
const deposit = rowsOf("reconcile-bank", "deposits");
const sum = (orderId: string, status: string, amount: string, time: string) => ({
  ...{ orderId, status, amount },
  happenedAt: at(time),
});

/** Four splits for each table, one of them silent. */
export const reconcileCase: ConformanceCase = {
  name: "reconcile",
  job: job("reconcile-case", (env) => {
    env.reconcile("reconcile", {
      by: "orderId",
      expect: {
        charged: env.changes(Charge).where({ status: "done" }).sum("amount"),
        returned: minus(env.changes(Payback).where({ status: "done" }).sum("amount")),
      },
      actual: { deposited: env.changes(Deposit).sum("amount") },
      missingAfter: hours(1),
      warnBefore: minutes(10),
    });
  }),
  splits: 4,
  parts: [
    [
      charge("08:00", 1, sum("in-order", "done", "10.00 EUR", "08:00")),
      charge("08:01", 2, sum("missing", "done", "20.00 EUR", "08:01")),
      charge("08:02", 3, sum("late", "done", "30.00 EUR", "08:02")),
      charge("08:03", 4, sum("too-much", "done", "40 JPY", "08:03")),
      charge("08:04", 5, sum("never-done", "begun", "50.00 EUR", "08:04")),
      deposit("08:30", "d1", sum("in-order", "", "10.00 EUR", "08:30")),
      deposit("08:31", "d4", sum("too-much", "", "41 JPY", "08:31")),
      deposit("08:32", "d6", sum("unknown", "", "6.00 USD", "08:32")),
      beat("09:00"),
    ],
    [
      deposit("09:20", "d3", sum("late", "", "30.00 EUR", "09:20")),
      payback("09:21", 11, sum("in-order", "done", "4.00 EUR", "09:21")),
      beat("09:30"),
    ],
    [charge("10:00", 4, sum("too-much", "done", "41 JPY", "08:03")), beat("10:30")],
    [deposit("10:40", "d1", null), charge("10:41", 5, sum("never-done", "done", "50.00 EUR", "10:41")), beat("13:00")],
  ],
  expected: {
    reconcile: {
      "in-order": ["10:21:02 v1: fail over-charge 4.00 EUR", "10:40:02 v2: fail missing 6.00 EUR"],
      late: ["09:02:02 v1: fail missing 30.00 EUR", "09:20:02 v2: pass EUR"],
      missing: ["09:01:02 v1: fail missing 20.00 EUR"],
      "never-done": ["11:41:02 v1: fail missing 50.00 EUR"],
      "too-much": ["08:31:02 v1: fail over-charge 1 JPY", "10:00:02 v2: pass JPY"],
      unknown: ["09:32:02 v1: fail unknown-payment 6.00 USD"],
    },
    "reconcile alerts": {
      "in-order": [
        "10:11:02 alert warned: over-charge",
        "10:21:02 alert opened: over-charge",
        "10:40:02 alert resolved: over-charge",
        "10:40:02 alert opened: missing",
      ],
      late: [
        "08:52:02 alert warned: missing",
        "09:02:02 alert opened: missing",
        "09:20:02 alert resolved: missing, 18 minutes late",
      ],
      missing: ["08:51:02 alert warned: missing", "09:01:02 alert opened: missing"],
      "never-done": ["11:31:02 alert warned: missing", "11:41:02 alert opened: missing"],
      "too-much": ["08:31:02 alert opened: over-charge", "10:00:02 alert resolved: over-charge"],
      unknown: ["09:22:02 alert warned: unknown-payment", "09:32:02 alert opened: unknown-payment"],
    },
  },
};

const Whole = model("BoundWhole", { from: table("bound-shop", "wholes"), fields: amounts, ...happened });
const BoundPart = model("BoundPart", { from: table("bound-desk", "parts"), fields: amounts, ...happened });
const whole = rowsOf("bound-shop", "wholes");
const part = rowsOf("bound-desk", "parts");

export const boundCase: ConformanceCase = {
  name: "bound",
  job: job("bound-case", (env) => {
    env.bound("bound", {
      by: "orderId",
      of: {
        parts: env
          .changes(BoundPart)
          .where({ status: ["open", "done"] })
          .sum("amount"),
      },
      within: { whole: env.changes(Whole).sum("amount") },
      unknownAfter: hours(2),
    });
  }),
  splits: 1,
  parts: [
    [
      whole("08:00", 1, sum("within", "", "100.00 EUR", "08:00")),
      whole("08:00", 2, sum("over", "", "100.00 EUR", "08:00")),
      part("08:10", 1, sum("within", "open", "60.00 EUR", "08:10")),
      part("08:11", 2, sum("over", "open", "60.00 EUR", "08:11")),
      part("08:12", 3, sum("of-nothing", "open", "5.00 EUR", "08:12")),
      beat("08:30"),
    ],
    [
      part("08:40", 4, sum("over", "open", "50.00 EUR", "08:40")),
      part("08:41", 5, sum("within", "open", "40.00 EUR", "08:41")),
      beat("09:00"),
    ],
    [part("09:10", 4, sum("over", "failed", "50.00 EUR", "08:40")), beat("09:30")],
    [part("09:40", 1, null), whole("12:00", 3, sum("of-nothing", "", "5.00 EUR", "12:00")), beat("13:00")],
  ],
  expected: {
    bound: {
      "of-nothing": ["10:12:02 v1: fail unknown 5.00 EUR", "12:00:02 v2: pass EUR"],
      over: ["08:40:02 v1: fail exceeded 10.00 EUR", "09:10:02 v2: pass EUR"],
    },
    "bound alerts": {
      "of-nothing": ["10:12:02 alert opened: unknown", "12:00:02 alert resolved: unknown, 108 minutes late"],
      over: ["08:40:02 alert opened: exceeded", "09:10:02 alert resolved: exceeded"],
    },
  },
};

const Request = model("UniqueRequest", {
  from: table("unique-desk", "requests"),
  fields: { requestKey: id(), customer: id(), amount: money(), madeAt: instant() },
  businessTime: "madeAt",
});
const request = rowsOf("unique-desk", "requests");

/** By key, and by likeness in windows; four splits, one of them silent. */
export const uniqueCase: ConformanceCase = {
  name: "unique",
  job: job("unique-case", (env) => {
    const of = env.changes(Request);
    env.unique("unique-keys", { of, by: "requestKey", money: "amount" });
    env.unique("unique-alike", { of, by: "customer", alike: ["amount"], within: minutes(30), money: "amount" });
  }),
  splits: 4,
  parts: [
    [
      request("08:00", 1, { requestKey: "a", customer: "ann", amount: "5.00 EUR", madeAt: at("08:00") }),
      request("08:05", 2, { requestKey: "b", customer: "ben", amount: "7.00 EUR", madeAt: at("08:05") }),
      beat("08:10"),
    ],
    [
      request("08:20", 3, { requestKey: "a", customer: "cid", amount: "5.00 EUR", madeAt: at("08:20") }),
      request("08:25", 4, { requestKey: "c", customer: "ben", amount: "7.00 EUR", madeAt: at("08:25") }),
      beat("08:30"),
    ],
    [
      request("08:50", 5, { requestKey: "d", customer: "ben", amount: "7.00 EUR", madeAt: at("08:50") }),
      request("09:55", 6, { requestKey: "e", customer: "ben", amount: "7.00 EUR", madeAt: at("09:55") }),
      beat("10:00"),
    ],
    [request("10:10", 3, null), request("10:20", 4, null), beat("11:00")],
  ],
  expected: {
    "unique-alike": {
      ben: [
        "08:25:02 v1: fail duplicate 7.00 EUR in the window of 2026-03-02T08:05:00.000Z (4 after 2)",
        "08:50:02 v2: fail duplicate 14.00 EUR in the window of 2026-03-02T08:05:00.000Z (4, 5 after 2)",
        "09:55:02 v3: fail duplicate 14.00 EUR in the window of 2026-03-02T08:05:00.000Z (4, 5 after 2)",
        "10:20:02 v4: pass EUR in the window of 2026-03-02T08:05:00.000Z",
      ],
    },
    "unique-alike alerts": {
      ben: [
        "08:25:02 alert opened: duplicate",
        "08:50:02 alert updated: duplicate",
        "09:55:02 alert updated: duplicate",
        "10:20:02 alert resolved: duplicate",
      ],
    },
    "unique-keys": { a: ["08:20:02 v1: fail duplicate 5.00 EUR (3 after 1)", "10:10:02 v2: pass EUR"] },
    "unique-keys alerts": { a: ["08:20:02 alert opened: duplicate", "10:10:02 alert resolved: duplicate"] },
  },
};

const account = { accountId: id(), owner: text(), balance: money() };
const Old = model("ReplicaOld", { from: table("replica-old", "accounts"), fields: account });
const New = model("ReplicaNew", { from: table("replica-new", "accounts"), fields: account });
const old = rowsOf("replica-old", "accounts");
const new_ = rowsOf("replica-new", "accounts");

export const replicaCase: ConformanceCase = {
  name: "replica",
  job: job("replica-case", (env) => {
    env.replica("replica", {
      by: "accountId",
      old: env.changes(Old),
      new: env.changes(New),
      compare: { owner: { nullIs: "" }, balance: true },
      failAfter: minutes(5),
    });
  }),
  splits: 1,
  parts: [
    [
      old("08:00", 1, { accountId: 1, owner: null, balance: "1.00 EUR" }),
      old("08:00", 2, { accountId: 2, owner: "Ben", balance: "2.00 EUR" }),
      new_("08:01", "n1", { accountId: 1, owner: "", balance: "1.00 EUR" }),
      new_("08:01", "n3", { accountId: 3, owner: "Cid", balance: "3.00 EUR" }),
      beat("08:04"),
    ],
    [new_("08:10", "n2", { accountId: 2, owner: "Ben", balance: "2.50 EUR" }), beat("08:20")],
    [old("08:30", 2, { accountId: 2, owner: "Ben", balance: "2.50 EUR" }), beat("08:40")],
    [old("08:50", 1, null), new_("09:10", "n3", null), beat("10:00")],
  ],
  expected: {
    replica: {
      "1": ["08:55:02 v1: fail delete-not-propagated 0 XXX (deleted in old at 2026-03-02T08:50:00.000Z)"],
      "2": [
        "08:05:02 v1: fail missing-in-new 0 XXX",
        "08:15:02 v2: fail field-differs 0 XXX (balance differs: old 2.00 EUR, new 2.50 EUR)",
        "08:30:02 v3: pass XXX",
      ],
      "3": ["08:06:02 v1: fail missing-in-old 0 XXX", "09:10:02 v2: pass XXX"],
    },
    "replica alerts": {
      "1": ["08:55:02 alert opened: delete-not-propagated"],
      "2": [
        "08:05:02 alert opened: missing-in-new",
        "08:15:02 alert resolved: missing-in-new, 5 minutes late",
        "08:15:02 alert opened: field-differs",
        "08:30:02 alert resolved: field-differs",
      ],
      "3": ["08:06:02 alert opened: missing-in-old", "09:10:02 alert resolved: missing-in-old"],
    },
  },
};

const Parcel = model("CustomParcel", {
  from: table("custom-shop", "parcels"),
  fields: { orderId: id(), parcelNo: id(), cost: money(), packedAt: instant() },
  businessTime: "packedAt",
});
const Scan = model("CustomScan", {
  from: table("custom-carrier", "scans"),
  fields: { orderId: id(), parcelNo: id() },
});
const parcel = rowsOf("custom-shop", "parcels");
const scan = rowsOf("custom-carrier", "scans");

/** A function with state of its own; four splits, one of them silent. */
export const customCase: ConformanceCase = {
  name: "custom",
  job: job("custom-case", (env) => {
    env.custom("custom", {
      by: "orderId",
      models: { parcels: env.changes(Parcel), scans: env.changes(Scan) },
      after: { parcels: hours(1) },
      state: { lost: [] as string[] },
      judge({ parcels, scans }, { isDue, state }) {
        const scanned = new Set(scans.map(({ parcelNo }) => parcelNo));
        const unseen = parcels.filter(({ parcelNo }) => parcelNo !== null && !scanned.has(parcelNo));
        if (unseen.length === 0) return [];
        const lost = unseen.filter((each) => isDue(each));
        if (lost.length === 0) return [{ pending: true }];
        for (const { parcelNo } of lost) if (!state.lost.includes(parcelNo!)) state.lost.push(parcelNo!);
        const minor = lost.reduce((sum, { cost }) => sum + (cost?.minor ?? 0n), 0n);
        return [{ class: "lost", atRisk: { minor, currency: "EUR" }, note: `so far ${state.lost.length}` }];
      },
    });
  }),
  splits: 4,
  parts: [
    [
      parcel("08:00", 1, { orderId: 1, parcelNo: 11, cost: "3.00 EUR", packedAt: at("08:00") }),
      parcel("08:30", 2, { orderId: 1, parcelNo: 12, cost: "4.00 EUR", packedAt: at("08:30") }),
      parcel("08:31", 3, { orderId: 2, parcelNo: 21, cost: "5.00 EUR", packedAt: at("08:31") }),
      scan("08:40", "s21", { orderId: 2, parcelNo: 21 }),
      beat("09:10"),
    ],
    [scan("09:20", "s11", { orderId: 1, parcelNo: 11 }), beat("09:25")],
    [beat("09:45")],
    [scan("09:50", "s12", { orderId: 1, parcelNo: 12 }), scan("09:51", "s21", null), beat("11:00")],
  ],
  expected: {
    custom: {
      "1": [
        "09:00:02 v1: fail lost 3.00 EUR (so far 1)",
        "09:20:02 v2: pass EUR",
        "09:30:02 v3: fail lost 4.00 EUR (so far 2)",
        "09:50:02 v4: pass EUR",
      ],
      "2": ["09:51:02 v1: fail lost 5.00 EUR (so far 1)"],
    },
    "custom alerts": {
      "1": [
        "09:00:02 alert opened: lost",
        "09:20:02 alert resolved: lost",
        "09:30:02 alert reopened: lost",
        "09:50:02 alert resolved: lost",
      ],
      "2": ["09:51:02 alert opened: lost"],
    },
  },
};
