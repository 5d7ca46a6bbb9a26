import type { Random } from "../../base/random.ts";
import { days } from "../../base/time.ts";
import { END_MS, ORDER_SPAN, SEED_SPAN, START_MS } from "../terms.ts";
import type { FaultPlan } from "./fault-plan.ts";
import { baselineFaults, faults } from "./faults.ts";
import { type LookAlikeName, lookAlikes } from "./look-alikes.ts";

/** What a purchase is there for. */
export type Role =
  | { readonly type: "fault"; readonly plan: FaultPlan }
  | { readonly type: "lookAlike"; readonly name: LookAlikeName }
  | { readonly type: "usual" };

const FAULT_SHARE = 0.015;
/** Whatever the number of purchases: enough for each class twice. */
const LEAST_FAULTS = 36;
/** The first part of the live purchases: whatever goes wrong with them is due before the end. */
const SURELY_DUE = 0.7;
/** How often each class is in that part at least. */
const AT_LEAST = 2;
/** Purchases from before the log. */
const SEED_SHARE = 0.04;
/** Live purchases that arrive after the rush, up to the end. */
const STRAGGLERS = 0.02;
/** The snapshots have a minute of their own. */
const FIRST_ARRIVAL = START_MS + 60_000;
/** All that goes wrong with a purchase of this age has gone wrong by the snapshots. */
const SETTLED_AGE = days(3.5);

/** Says of every purchase when it arrives and what its role is. Arrivals ascend with the purchase's number. */
export class Casting {
  readonly #seeded: number;
  readonly #live: number;
  readonly #faults: ReadonlyMap<number, FaultPlan>;

  constructor(random: Random, purchases: number) {
    this.#seeded = Math.min(purchases, Math.max(1, Math.round(purchases * SEED_SHARE)));
    this.#live = purchases - this.#seeded;
    this.#faults = castFaults(random, this.#live);
  }

  /** Time of a purchase's arrival. */
  arrival(index: number, random: Random): number {
    const place = index - this.#seeded;
    if (place < 0) return Math.floor(this.#seedArrival(index + random.next()));
    const share = (place + random.next()) / this.#live;
    const rush = 1 - STRAGGLERS;
    const end = START_MS + ORDER_SPAN;
    if (share < rush) return Math.floor(FIRST_ARRIVAL + (share / rush) * (end - FIRST_ARRIVAL));
    return Math.floor(end + ((share - rush) / STRAGGLERS) * (END_MS - end));
  }

  /** What a purchase is there for. */
  role(index: number, random: Random): Role {
    const plan = index < this.#seeded ? this.#seedFault(index, random) : this.#faults.get(index - this.#seeded);
    if (plan !== undefined) return { type: "fault", plan };
    const name = drawLookAlike(random);
    return name === undefined ? { type: "usual" } : { type: "lookAlike", name };
  }

  #seedArrival(place: number): number {
    return START_MS - SEED_SPAN + (place / this.#seeded) * (SEED_SPAN - 1000);
  }

  #seedFault(index: number, random: Random): FaultPlan | undefined {
    const isSettled = START_MS - this.#seedArrival(index + 1) > SETTLED_AGE;
    return isSettled && index % 4 === 1 ? random.pick(baselineFaults) : undefined;
  }
}

/** Spreads the faults evenly over the live purchases, one in each stretch; each class comes early, too. */
function castFaults(random: Random, live: number): Map<number, FaultPlan> {
  const classes = Object.values(faults);
  const count = Math.min(Math.floor(live / 2), Math.max(LEAST_FAULTS, Math.round(live * FAULT_SHARE)));
  const plans = Array.from({ length: count }, () => random.pick(random.pick(classes)));
  const early = Array.from({ length: Math.floor(count * SURELY_DUE) }, (_, i) => i);
  for (let n = 0; n < AT_LEAST; n++) {
    for (const kinds of classes) {
      if (early.length > 0) plans[early.splice(random.below(early.length), 1)[0]!] = random.pick(kinds);
    }
  }
  const start = (stretch: number) => Math.ceil((stretch / count) * live);
  return new Map(plans.map((plan, i) => [start(i) + random.below(start(i + 1) - start(i)), plan]));
}

function drawLookAlike(random: Random): LookAlikeName | undefined {
  let rest = random.next();
  for (const name of Object.keys(lookAlikes) as LookAlikeName[]) {
    rest -= lookAlikes[name].share;
    if (rest < 0) return name;
  }
  return undefined;
}
