import { type Duration, days, seconds } from "../../base/time.ts";
import { type Job, job } from "../../checks/job.ts";
import type { Direction } from "../../checks/replica/replica-rule.ts";
import type { OperatorNode } from "../../dataflow/graph.ts";
import { id, instant, model, money, table, text } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { restarting } from "./restarting-job.ts";
import { SKEW } from "./support.ts";

/** A second of event time, and when the tests begin. */
export const S = 1_000;
export const T0 = Date.UTC(2026, 2, 2, 10);

/** The old application's accounts: local clocks, nulls. */
export const OldAccount = model("OldAccount", {
  from: table("shop", "accounts"),
  fields: {
    accountId: id("id"),
    owner: text(),
    state: text({ values: { 1: "active", 2: "frozen" } }),
    balance: money({ scale: 3 }),
    creditLimit: money(),
    openedAt: instant(),
    branch: text(),
  },
});

/** The new application's, with ids of its own. */
export const NewAccount = model("NewAccount", {
  from: table("ledger", "accounts_v2"),
  fields: {
    accountId: id("legacy_id"),
    owner: text(),
    state: text(),
    balance: money({ scale: 4 }),
    creditLimit: money(),
    openedAt: instant(),
    tier: text(),
  },
});

/** What a test says of how accounts are compared. */
export interface MigrationRule {
  readonly direction?: Direction;
  readonly backfilledAfter?: Duration;
  readonly openedBefore?: number;
}

/** Accounts on their way: half a minute for writes. */
export function migrationJob({ direction, backfilledAfter, openedBefore }: MigrationRule = {}): Job {
  return job("migration", (env) => {
    env.replica("accounts", {
      by: "accountId",
      old: env.changes(OldAccount),
      new: env.changes(NewAccount),
      compare: {
        owner: { nullIs: "" },
        state: true,
        balance: true,
        creditLimit: { nullIs: "0" },
        openedAt: { oldClock: "Europe/Berlin" },
      },
      ignore: ["branch", "tier"],
      failAfter: seconds(30),
      ...(direction === undefined ? {} : { direction }),
      ...(backfilledAfter === undefined ? {} : { backfilledAfter }),
      ...(openedBefore === undefined ? {} : { backfilled: { by: "openedAt", before: openedBefore } }),
    });
  });
}

/** Columns of an account; what is not said is the same on both sides. */
export interface Cells {
  readonly owner?: string | null;
  readonly state?: string;
  readonly balance?: string;
  readonly creditLimit?: string | null;
  readonly openedAt?: number;
  readonly branch?: string;
  readonly tier?: string;
}

/** One account in both tables. Times are seconds from the beginning. */
export class Account {
  readonly driver: TestDriver;

  constructor(rule: Job = migrationJob()) {
    this.driver = testJob(rule);
  }

  /** The old table's row is written. Its clocks are those of Berlin, an hour ahead of UTC. */
  old(at: number, cells: Cells = {}): this {
    this.driver.upsert(OldAccount, 7, { at: T0 + at * S }, this.#old(cells));
    return this;
  }

  /** The new table's row is written. */
  new(at: number, cells: Cells = {}): this {
    this.driver.upsert(NewAccount, "acc-7", { at: T0 + at * S }, this.#new(cells));
    return this;
  }

  seedOld(at: number, cells: Cells = {}): this {
    this.driver.seed(OldAccount, 7, { at: T0 + at * S }, this.#old(cells));
    return this;
  }

  seedNew(at: number, cells: Cells = {}): this {
    this.driver.seed(NewAccount, "acc-7", { at: T0 + at * S }, this.#new(cells));
    return this;
  }

  deleteOld(at: number): this {
    this.driver.delete(OldAccount, 7, { at: T0 + at * S });
    return this;
  }

  deleteNew(at: number): this {
    this.driver.delete(NewAccount, "acc-7", { at: T0 + at * S });
    return this;
  }

  /** Both sides are proven read so far, and what is due by then is judged. */
  until(at: number): this {
    this.driver.advance(T0 + at * S);
    return this;
  }

  /** Emitted verdicts: `@32 fail missing-in-new`, at the second of their deadline or change, without skew. */
  get says(): string[] {
    return this.driver.verdicts().map(({ status, class: cause, time }) => {
      const at = (time - SKEW - T0) / S;
      return `@${at} ${cause === null ? status : `${status} ${cause}`}`;
    });
  }

  /** The note of the last verdict. */
  get note(): string | null {
    return this.driver.verdicts().at(-1)?.note ?? null;
  }

  #old({ tier: _, ...cells }: Cells) {
    const { openedAt = T0, ...rest } = cells;
    return { accountId: 7, ...SAME, ...rest, openedAt: openedAt + 3_600 * S };
  }

  #new({ branch: _, ...cells }: Cells) {
    return { accountId: 7, ...SAME, openedAt: T0, ...cells };
  }
}

const SAME = { owner: "Ann", state: "active", balance: "10.00 EUR", creditLimit: "5.00 EUR" };

/** A delay for the back-fill. */
export const THREE_DAYS = days(3);

/** A migration whose job can be told another direction while it runs: operators are made anew after every step. */
export class TurningJob {
  direction: Direction = "oldToNew";

  get job(): Job {
    const versions = { oldToNew: migrationJob(), newToOld: migrationJob({ direction: "newToOld" }) };
    return restarting({
      ...versions.oldToNew,
      graph: () => {
        const graphs = { oldToNew: versions.oldToNew.graph(), newToOld: versions.newToOld.graph() };
        const nodes = graphs.oldToNew.nodes.map((node, i) => {
          if (node.type !== "operator") return node;
          return { ...node, create: () => (graphs[this.direction].nodes[i] as OperatorNode).create() };
        });
        return { ...graphs.oldToNew, nodes };
      },
    });
  }
}
