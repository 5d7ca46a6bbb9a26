import type { Random } from "../base/random.ts";
import { days } from "../base/time.ts";
import { baselineFaults, type FaultName, faults } from "./faults.ts";
import { type LookAlikeName, lookAlikes } from "./look-alikes.ts";
import { END_MS, ORDER_SPAN, SEED_SPAN, START_MS } from "./terms.ts";

/** What an order is there for. */
export type Role =
  | { readonly type: "fault"; readonly name: FaultName }
  | { readonly type: "lookAlike"; readonly name: LookAlikeName }
  | { readonly type: "failed" }
  | { readonly type: "usual" };

const FAULT_SHARE = 0.012;
const FAILED_SHARE = 0.05;
/** Orders from before the log. */
const SEED_SHARE = 0.03;
/** Live orders that arrive after the rush, up to the end. */
const STRAGGLERS = 0.02;
/** The first part of the live orders: whatever goes wrong with them is due before the end. */
const SURELY_DUE = 0.5;
/** How often each class is in that part at least. */
const AT_LEAST = 2;

/** Kinds that stand for every class and every course that it can take. */
const GUARANTEED: readonly (readonly FaultName[])[] = [
  ["missing"],
  ["missingThenLate"],
  ["shortByOne", "short", "secondCaptureUnsettled", "clawbackTooBig", "clawbackWithoutRefund"],
  ["lineDoubled", "high", "highByOne", "refundWithoutClawback", "clawbackTooSmall"],
  ["lineOfUnknownPayment", "lineOfFailedPayment"],
  ["wrongCurrency"],
];

/** Says of every order when it arrives and what its role is. Arrivals ascend with the order's number. */
export class Casting {
  readonly #seeded: number;
  readonly #live: number;
  readonly #faults: ReadonlyMap<number, FaultName>;

  constructor(random: Random, orders: number) {
    this.#seeded = Math.max(1, Math.round(orders * SEED_SHARE));
    this.#live = orders - this.#seeded;
    this.#faults = castFaults(random, this.#live);
  }

  /** Time of an order's arrival. */
  arrival(index: number, random: Random): number {
    const isLive = index >= this.#seeded;
    const place = isLive ? index - this.#seeded : index;
    const share = (place + random.next()) / (isLive ? this.#live : this.#seeded);
    return Math.floor(isLive ? liveArrival(share) : START_MS - SEED_SPAN + share * (SEED_SPAN - 1000));
  }

  /** What an order is there for. */
  role(index: number, random: Random): Role {
    const fault = index < this.#seeded ? this.#seedFault(index, random) : this.#faults.get(index - this.#seeded);
    return fault === undefined ? usualRole(random) : { type: "fault", name: fault };
  }

  /** Some of the oldest orders are long overdue; some of the newest go missing when the log has begun. */
  #seedFault(index: number, random: Random): FaultName | undefined {
    const age = (1 - (index + 1) / this.#seeded) * SEED_SPAN;
    if (age > days(1.7)) return index % 8 === 1 ? random.pick(baselineFaults) : undefined;
    const isNewest = age < days(0.8) && age > days(0.2);
    return isNewest && (index % 32 === 3 || this.#isFirstNewest(index)) ? "missing" : undefined;
  }

  #isFirstNewest(index: number): boolean {
    const age = (1 - index / this.#seeded) * SEED_SPAN;
    return age >= days(0.8);
  }
}

/** Spreads the faults evenly over the live orders, one in each stretch; the guaranteed ones come early. */
function castFaults(random: Random, live: number): Map<number, FaultName> {
  const count = Math.min(Math.floor(live / 2), Math.max(24, Math.round(live * FAULT_SHARE)));
  const names = Array.from({ length: count }, () => drawFault(random));
  const early = Array.from({ length: Math.floor(count * SURELY_DUE) }, (_, i) => i);
  for (const kinds of GUARANTEED) {
    for (let n = 0; n < AT_LEAST && early.length > 0; n++) {
      names[early.splice(random.below(early.length), 1)[0]!] = random.pick(kinds);
    }
  }
  const start = (stretch: number) => Math.ceil((stretch / count) * live);
  return new Map(names.map((name, i) => [start(i) + random.below(start(i + 1) - start(i)), name]));
}

function drawFault(random: Random): FaultName {
  return draw(random, faultShares)!;
}

function usualRole(random: Random): Role {
  if (random.chance(FAILED_SHARE)) return { type: "failed" };
  const name = draw(random, lookAlikeShares);
  return name === undefined ? { type: "usual" } : { type: "lookAlike", name };
}

/** Draws a name by its share; undefined where the shares leave something over. */
function draw<N extends string>(random: Random, shares: readonly (readonly [N, number])[]): N | undefined {
  let rest = random.next();
  for (const [name, share] of shares) {
    rest -= share;
    if (rest < 0) return name;
  }
  return undefined;
}

const faultNames = Object.keys(faults) as FaultName[];
const often = faultNames.reduce((sum, name) => sum + faults[name].often, 0);
const faultShares = faultNames.map((name) => [name, faults[name].often / often] as const);
const lookAlikeShares = (Object.keys(lookAlikes) as LookAlikeName[]).map(
  (name) => [name, lookAlikes[name].share] as const,
);

function liveArrival(share: number): number {
  const rush = 1 - STRAGGLERS;
  if (share >= rush) return START_MS + ORDER_SPAN + ((share - rush) / STRAGGLERS) * (END_MS - START_MS - ORDER_SPAN);
  const day = (share / rush) * (ORDER_SPAN / days(1));
  return START_MS + FIRST_ORDER + (Math.floor(day) + timeOfDay(day % 1)) * days(1) * SQUEEZE;
}

/** The snapshots have a minute of their own. */
const FIRST_ORDER = 60_000;
const SQUEEZE = 1 - FIRST_ORDER / ORDER_SPAN;

/** The part of the day by which a share of its orders has come in: three times as many at 14:00 as at 2:00. */
function timeOfDay(share: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (ordersUntil(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

function ordersUntil(day: number): number {
  return day - (0.5 / (2 * Math.PI)) * (Math.sin(2 * Math.PI * (day - 2 / 24)) + Math.sin((2 * Math.PI * 2) / 24));
}
