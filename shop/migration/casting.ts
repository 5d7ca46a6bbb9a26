import type { Random } from "../../base/random.ts";
import { days, hours, minutes } from "../../base/time.ts";
import { END_MS, START_MS } from "../terms.ts";
import { type MigrationClass, type MigrationFault, type MigrationFaultName, migrationFaults } from "./faults.ts";
import { FLIP_MS } from "./terms.ts";

/** Accounts for each order of the whole shop. */
const PER_ORDER = 0.35;
/** Accounts that are there when the snapshots are taken. */
const SEED_SHARE = 0.25;
const FAULT_SHARE = 0.02;
/** How often each class is made at least. */
const AT_LEAST = 2;

/** The oldest account is this old when the snapshots are taken. */
const SEED_SPAN = days(60);
const FIRST = START_MS + minutes(1);
/** What begins later could not run its course. */
const LAST = END_MS - days(1.2);
/** What befalls accounts from before the flip is over by then. */
const LAST_LIVE_FAULT = FLIP_MS - days(1);

/** Says of every account when it begins, and what goes wrong with it. Arrivals ascend with the account's number. */
export class MigrationCasting {
  readonly count: number;
  readonly #seeded: number;
  readonly #faults: ReadonlyMap<number, MigrationFaultName>;

  constructor(random: Random, orders: number) {
    this.count = Math.max(60, Math.round(orders * PER_ORDER));
    this.#seeded = Math.round(this.count * SEED_SHARE);
    this.#faults = this.#castFaults(random);
  }

  /** True for what the snapshots bring. */
  isSeed(index: number): boolean {
    return index < this.#seeded;
  }

  arrival(index: number): number {
    if (this.isSeed(index)) return START_MS - SEED_SPAN + Math.floor((index / this.#seeded) * (SEED_SPAN - hours(1)));
    const share = (index - this.#seeded) / (this.count - this.#seeded);
    return FIRST + Math.floor(share * (LAST - FIRST));
  }

  fault(index: number): MigrationFaultName | undefined {
    return this.#faults.get(index);
  }

  #castFaults(random: Random): Map<number, MigrationFaultName> {
    const cast = new Map<number, MigrationFaultName>();
    const wanted = Math.max(classes.length * AT_LEAST, Math.round(this.count * FAULT_SHARE));
    for (let i = 0; i < wanted; i++) {
      const cause = i < classes.length * AT_LEAST ? classes[i % classes.length] : undefined;
      const name = drawFault(random, cause);
      const free = this.#befallen(migrationFaults[name].befalls).filter((index) => !cast.has(index));
      if (free.length > 0) cast.set(random.pick(free), name);
    }
    return cast;
  }

  #befallen(befalls: MigrationFault["befalls"]): number[] {
    return Array.from({ length: this.count }, (_, index) => index).filter((index) => {
      const at = this.arrival(index);
      if (befalls === "seed") return this.isSeed(index);
      if (befalls === "flipped") return at > FLIP_MS + hours(1);
      return at > START_MS && at < LAST_LIVE_FAULT;
    });
  }
}

const names = Object.keys(migrationFaults) as MigrationFaultName[];
const classes = [...new Set(names.map((name) => migrationFaults[name].class))];

function drawFault(random: Random, cause: MigrationClass | undefined): MigrationFaultName {
  const fitting = names.filter((name) => cause === undefined || migrationFaults[name].class === cause);
  return random.pick(fitting.flatMap((name) => new Array<MigrationFaultName>(migrationFaults[name].often).fill(name)));
}
