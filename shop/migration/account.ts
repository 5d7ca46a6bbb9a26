import type { Random } from "../../base/random.ts";
import { days, hours } from "../../base/time.ts";
import type { CapturedTable } from "../captured-table.ts";
import { drawCurrency, drawPrice, unscaled } from "../prices.ts";
import { START_MS } from "../terms.ts";
import type { World } from "../world.ts";
import { NEW_SCALE, type NewAccountRow, OLD_SCALE, type OldAccountRow } from "./tables.ts";
import { FLIP_MS, LEAST_LAG, MOST_LAG, shownAt } from "./terms.ts";

/** What both tables must say of an account, each in its own way. Amounts are minor units. */
export interface AccountContent {
  readonly owner: string | null;
  readonly state: AccountState;
  readonly balance: number;
  readonly creditLimit: number | null;
  readonly openedAt: number;
}

export type AccountState = (typeof STATES)[number];

/** The old table's numbers are their places, from 1 on. */
const STATES = ["active", "frozen", "closed"] as const;

/** The tables that accounts live in. */
export interface AccountTables {
  readonly world: World;
  readonly old: CapturedTable<OldAccountRow>;
  readonly new: CapturedTable<NewAccountRow>;
}

/** Where a write goes. */
export type Side = "old" | "new";

/**
 * One account's life, planned as a whole when it begins: who directs it calls the verbs below with points in time, and then
 * enters the plan into the schedule, or forgets it. Writes to one side are at least a second apart, so that MariaDB's times
 * tell them apart.
 */
export class Account {
  readonly random: Random;
  readonly id: number;
  readonly arrival: number;
  readonly currency: string;
  /** What it was opened with. */
  readonly first: AccountContent;
  readonly #tables: AccountTables;
  readonly #old: OldAccountRow;
  readonly #new: NewAccountRow;
  readonly #steps: { readonly at: number; readonly run: () => void }[] = [];
  /** What the plan so far makes of it in the end. */
  #last: AccountContent;

  constructor(tables: AccountTables, random: Random, id: number, arrival: number) {
    this.#tables = tables;
    this.random = random;
    this.id = id;
    this.arrival = arrival;
    this.currency = drawCurrency(random);
    this.first = {
      owner: random.chance(0.3) ? null : `Owner ${random.below(10_000)}`,
      state: "active",
      balance: drawPrice(random),
      creditLimit: random.chance(0.4) ? null : drawPrice(random),
      // Of seconds, as most programs write them; in summer and in winter.
      openedAt: Math.floor((arrival - days(random.below(300)) - random.below(hours(24))) / 1000) * 1000,
    };
    this.#last = this.first;
    this.#old = this.#oldRow();
    this.#new = this.#newRow();
  }

  /** What was planned so far, as it should be on both sides. */
  get last(): AccountContent {
    return this.#last;
  }

  /** A length of time in milliseconds, drawn evenly. */
  between(least: number, most: number): number {
    return least + this.random.below(most - least);
  }

  /** How long the other side waits. */
  lag(): number {
    return this.between(LEAST_LAG, MOST_LAG);
  }

  /** Enters what was planned into the schedule. */
  enter(): void {
    for (const { at, run } of this.#steps) this.#tables.world.schedule.at(at, run);
  }

  /** Opens it on both sides, the other one after a lag. */
  open(at = this.arrival, lag = this.lag()): void {
    const [primary, other] = sidesAt(at);
    this.insert(primary, at, this.first);
    this.insert(other, at + lag, this.first);
  }

  /** Changes both sides, the other one after a lag. */
  change(at: number, changes: Partial<AccountContent>, lag = this.lag()): void {
    const [primary, other] = sidesAt(at);
    this.#last = { ...this.#last, ...changes };
    this.write(primary, at, changes);
    this.write(other, at + lag, changes);
  }

  /** A change that reaches the primary side only; gives what must be written to the other one. */
  changeAlone(at: number, changes: Partial<AccountContent>): Partial<AccountContent> {
    this.#last = { ...this.#last, ...changes };
    this.write(sidesAt(at)[0], at, changes);
    return changes;
  }

  /** Deletes it on both sides. */
  delete(at: number, lag = this.lag()): void {
    const [primary, other] = sidesAt(at);
    this.remove(primary, at);
    this.remove(other, at + lag);
  }

  /** A row of one side. */
  insert(side: Side, at: number, content: AccountContent): void {
    this.#at(side, at, () => {
      if (side === "old") {
        Object.assign(this.#old, this.#oldCells(content), { gmt_create: shownAt(at), gmt_modified: shownAt(at) });
        this.#tables.old.insert(this.#old, at);
      } else {
        Object.assign(this.#new, this.#newCells(content), { synced_at: iso(at) });
        this.#tables.new.insert(this.#new, at);
      }
    });
  }

  /** A change of one side's row. */
  write(side: Side, at: number, changes: Partial<AccountContent>): void {
    this.#at(side, at, () => {
      if (side === "old") {
        this.#tables.old.update(this.#old, { ...this.#oldCells(changes), gmt_modified: shownAt(at) }, at);
      } else this.#tables.new.update(this.#new, { ...this.#newCells(changes), synced_at: iso(at) }, at);
    });
  }

  /** Columns that nobody compares change on one side. */
  touch(side: Side, at: number): void {
    this.#at(side, at, () => {
      if (side === "old") this.#tables.old.update(this.#old, { branch: 1 + this.#old.branch }, at);
      else this.#tables.new.update(this.#new, { tier: "gold", synced_at: iso(at) }, at);
    });
  }

  /** The end of one side's row. */
  remove(side: Side, at: number): void {
    this.#at(side, at, () => {
      if (side === "old") this.#tables.old.delete(this.#old, at);
      else this.#tables.new.delete(this.#new, at);
    });
  }

  /** Another amount on the account; never one that it had before, as far as the last one tells. */
  otherBalance(): number {
    return this.#last.balance + 1 + this.random.below(100_000);
  }

  #at(side: Side, at: number, run: () => void): void {
    this.#steps.push({
      at,
      run: () => {
        const { maria, postgres } = this.#tables.world;
        (side === "old" ? maria : postgres).begin(at);
        run();
      },
    });
  }

  #oldRow(): OldAccountRow {
    const { id, currency } = this;
    const shown = shownAt(this.arrival);
    const times = { gmt_create: shown, gmt_modified: shown };
    const cells = this.#oldCells(this.first) as Omit<OldAccountRow, "id" | "currency" | "branch" | keyof typeof times>;
    return { id, currency, branch: 1 + this.random.below(90), ...cells, ...times };
  }

  #newRow(): NewAccountRow {
    const { id, currency } = this;
    const own = { account_id: `acc-${id}`, legacy_id: id, currency, tier: "basic", synced_at: iso(START_MS) };
    return { ...own, ...(this.#newCells(this.first) as Omit<NewAccountRow, keyof typeof own>) };
  }

  #oldCells({ owner, state, balance, creditLimit, openedAt }: Partial<AccountContent>): Partial<OldAccountRow> {
    const amount = (minor: number) => unscaled(minor, this.currency, OLD_SCALE);
    return {
      ...(owner !== undefined && { owner_name: owner }),
      ...(state !== undefined && { state: STATES.indexOf(state) + 1 }),
      ...(balance !== undefined && { balance: amount(balance) }),
      ...(creditLimit !== undefined && { credit_limit: creditLimit === null ? null : amount(creditLimit) }),
      ...(openedAt !== undefined && { opened_at: shownAt(openedAt) }),
    };
  }

  #newCells({ owner, state, balance, creditLimit, openedAt }: Partial<AccountContent>): Partial<NewAccountRow> {
    const amount = (minor: number) => unscaled(minor, this.currency, NEW_SCALE);
    return {
      ...(owner !== undefined && { owner_name: owner ?? "" }),
      ...(state !== undefined && { state }),
      ...(balance !== undefined && { balance: amount(balance) }),
      ...(creditLimit !== undefined && { credit_limit: amount(creditLimit ?? 0) }),
      ...(openedAt !== undefined && { opened_at: iso(openedAt) }),
    };
  }
}

/** The side that is written first at a time, and the one that follows. */
export function sidesAt(at: number): readonly [primary: Side, other: Side] {
  return at < FLIP_MS ? ["old", "new"] : ["new", "old"];
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
