import type { Random } from "../../base/random.ts";
import { minutes } from "../../base/time.ts";
import type { Department, DepartmentContext, DepartmentFault, DepartmentSpec, DepartmentTruth } from "../department.ts";
import { END_MS } from "../terms.ts";
import { Account, type AccountTables } from "./account.ts";
import { MigrationCasting } from "./casting.ts";
import { migrationFaults, type PlannedMigrationFault } from "./faults.ts";
import {
  liveLookAlikes,
  type MigrationLookAlike,
  type MigrationLookAlikeName,
  seedLookAlikes,
  usualLive,
  usualSeed,
} from "./look-alikes.ts";
import { newAccountsTable, oldAccountsTable } from "./tables.ts";

/** uid of the check that finds what goes wrong. */
const CHECK = "account-migration";
/** Ids of accounts begin here. */
const FIRST_ID = 40_001;

/**
 * Accounts on their way from MariaDB to PostgreSQL: every write goes to both, older rows are filled in by batches, and
 * after a week the new table is the one that is written first.
 */
export const migration: DepartmentSpec = { name: "migration", open: (context) => new Migration(context) };

class Migration implements Department {
  readonly #tables: AccountTables;
  readonly #random: Random;
  readonly #goesWrong: boolean;
  readonly #casting: MigrationCasting;
  readonly #faults: DepartmentFault[] = [];
  readonly #counts = Object.fromEntries(
    [...Object.keys(liveLookAlikes), ...Object.keys(seedLookAlikes)].map((name) => [name, 0]),
  ) as Record<MigrationLookAlikeName, number>;

  constructor({ world, random, orders, faults }: DepartmentContext) {
    this.#tables = {
      world,
      old: world.open(oldAccountsTable, "maria"),
      new: world.open(newAccountsTable, "postgres"),
    };
    this.#random = random;
    this.#goesWrong = faults;
    this.#casting = new MigrationCasting(random.fork("casting"), orders);
  }

  begin(): void {
    for (let index = 0; index < this.#casting.count; index++) this.#plan(index);
  }

  truth(): DepartmentTruth {
    return { faults: this.#faults, lookAlikes: this.#counts };
  }

  #plan(index: number): void {
    const random = this.#random.fork(`account/${index}`);
    const account = new Account(this.#tables, random, FIRST_ID + index, this.#casting.arrival(index));
    const name = this.#goesWrong ? this.#casting.fault(index) : undefined;
    if (name === undefined) this.#behave(account, this.#casting.isSeed(index));
    else {
      const { class: cause, plan } = migrationFaults[name];
      const planned = { class: cause, ...plan(account) };
      if (isDoubtful(planned)) return;
      this.#faults.push(faultOf(account, planned));
    }
    account.enter();
  }

  #behave(account: Account, isSeed: boolean): void {
    const lookAlike = draw<MigrationLookAlikeName>(account.random, isSeed ? seedLookAlikes : liveLookAlikes);
    if (lookAlike === undefined) return isSeed ? usualSeed(account) : usualLive(account);
    const [name, { plan }] = lookAlike;
    this.#counts[name]++;
    plan(account);
  }
}

/** One by its share; undefined where the shares leave something over. */
function draw<N extends string>(
  random: Random,
  of: Readonly<Partial<Record<N, MigrationLookAlike>>>,
): [N, MigrationLookAlike] | undefined {
  let rest = random.next();
  for (const [name, lookAlike] of Object.entries(of) as [N, MigrationLookAlike][]) {
    rest -= lookAlike.share;
    if (rest < 0) return [name, lookAlike];
  }
  return undefined;
}

/** True for what breaks or mends so close to the log's end that it is neither surely in it nor surely behind it. */
function isDoubtful({ dueAt, resolvedAt = dueAt }: PlannedMigrationFault): boolean {
  return [dueAt, resolvedAt].some((time) => Math.abs(time - END_MS) < minutes(10));
}

function faultOf({ id }: Account, planned: PlannedMigrationFault): DepartmentFault {
  return { check: CHECK, key: String(id), currency: "XXX", atRisk: "0", ...planned };
}
