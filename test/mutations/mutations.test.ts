import { describe, expect, it } from "vitest";
import { shippedJobs } from "../../cli/shipped-jobs.ts";
import { table } from "../../cli/table.ts";
import { History } from "../oracle/history.ts";
import { allJobs, opinionOfSql, opinionOfStream } from "../oracle/oracle.ts";
import { runLog } from "../support/shop-run.ts";
import { manualChangeMutations } from "./manual-changes.ts";
import { migrationMutations } from "./migration.ts";
import { Chosen, KINDS, type Mutation } from "./mutation.ts";
import { paymentMutations } from "./payment-settlement.ts";
import { payoutMutations } from "./payouts.ts";
import { Recording } from "./recording.ts";
import { refundMutations } from "./refunds.ts";

const SEED = 3;
const ORDERS = 1_200;
const jobs = await allJobs();
const mutations: readonly Mutation[] = [
  ...paymentMutations,
  ...payoutMutations,
  ...refundMutations,
  ...migrationMutations,
  ...manualChangeMutations,
];

/** What the checks say of a recording, as it is now. */
function judge(recording: Recording) {
  return recording.written((dir) => runLog(dir, { job: jobs }));
}

describe(`recorded traffic in which nothing goes wrong; seed ${SEED}`, { timeout: 180_000 }, async () => {
  const recording = await Recording.of(SEED, ORDERS, shippedJobs);

  it("gives no alert, and is what it was when it is written again", async () => {
    const { recorder, engineAlerts, faults } = await judge(recording);
    expect(recorder.history.filter(({ status }) => status !== "pass")).toEqual([]);
    const alerts = recorder.alerts.filter(({ action }) => action !== "warned" && action !== "resolved");
    expect([alerts, engineAlerts, faults]).toEqual([[], [], 0]);
    expect(recorder.finals.length).toBeGreaterThan(ORDERS);
  });

  it("is told when something is done to it: by each check, as its rule says, and as the set of changes says", async () => {
    const chosen = new Chosen();
    const done = mutations.map((mutation) => ({ ...mutation, ...mutation.apply(recording, chosen) }));
    const { recorder, engineAlerts, faults } = await judge(recording);
    const gave = ({ check, key }: { check: string; key: string }) => {
      const own = recorder.history.filter((verdict) => verdict.check === check && verdict.key === key);
      const bad = own.filter(({ status }) => status === "fail" || status === "unobservable");
      return [...new Set(bad.map(({ status, class: cause }) => (status === "fail" ? cause : status)))];
    };
    // What passed is not there any more, where it is not remembered.
    const isLeft = ({ check, key }: { check: string; key: string }) =>
      recorder.finals.some((final) => final.check === check && final.key === key && final.status !== "pass");
    const matrix = done.map((each) => ({ ...each, gave: gave(each) }));
    process.stdout.write(`${textOf(matrix)}\n`);
    for (const { check, key, kind, what, changed, gives, gave } of matrix) {
      const name = `${check}: ${kind}, ${what}`;
      expect(changed, `${name} changes something`).toBeGreaterThan(0);
      expect(gave, name).toEqual(gives === null ? [] : [gives]);
      if (gives === null) expect(isLeft({ check, key }), `${name} passes`).toBe(false);
    }
    expect([engineAlerts, faults]).toEqual([[], 0]);

    const history = new History(recording.decoded(), recording.endMs);
    const opinion = opinionOfSql(history);
    history.close();
    expect(opinionOfStream(recorder.history, recorder.finals)).toEqual(opinion);
  });
});

interface Cell {
  readonly check: string;
  readonly kind: Mutation["kind"];
  readonly gave: readonly (string | null)[];
}

/** Checks by what was done, with what they said. */
function textOf(matrix: readonly Cell[]): string {
  const checks = [...new Set(matrix.map(({ check }) => check))];
  const said = (check: string, kind: string) =>
    matrix
      .filter((cell) => cell.check === check && cell.kind === kind)
      .map(({ gave }) => gave.join(" then ") || "silent");
  const rows = checks.map((check) => [check, ...KINDS.map((kind) => said(check, kind).join(", ") || "–")]);
  return table([{ title: "check" }, ...KINDS.map((title) => ({ title }))], rows);
}
