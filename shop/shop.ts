import { formatDecimal } from "../base/money.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { hours, minutes } from "../base/time.ts";
import { Casting, type Role } from "./casting.ts";
import type { Connector } from "./connector.ts";
import type { Department, DepartmentFault } from "./department.ts";
import { departments, usualDepartments } from "./departments.ts";
import { faults, type PlannedFault } from "./faults.ts";
import { type LookAlikeName, lookAlikes } from "./look-alikes.ts";
import { Order } from "./order.ts";
import { digitsOf } from "./prices.ts";
import type { ShopSink } from "./sink.ts";
import { ALTER_MS, END_MS, LAST_COMMIT_MS, START_MS } from "./terms.ts";
import type { InjectedFault, ShopTruth } from "./truth.ts";
import { World } from "./world.ts";

const HEARTBEAT_EVERY = minutes(10);
const SCORING_EVERY = minutes(10);
const PROGRESS_EVERY = 500;
/** uid of the check that finds what goes wrong with orders. */
const CHECK = "payment-settlement";

/** What a run of the shop is told. */
export interface ShopOptions {
  readonly seed: number;
  readonly orders: number;
  readonly sink: ShopSink;
  /** Names of the departments that work besides payments and settlement; default: the usual ones. */
  readonly departments?: readonly string[];
  /** False lets nothing go wrong: look-alikes only. Default: true. */
  readonly faults?: boolean;
  /** Told now and then how many orders have arrived. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Simulates a payment company: about eleven days of orders become change events of two databases, as Debezium would
 * write them, and what was made to go wrong is told. One seed gives the same log, byte for byte (in a registry that gives
 * the same ids). From about 1,000 orders on every class of fault is due at least twice before the log's end.
 */
export async function runShop(options: ShopOptions): Promise<ShopTruth> {
  const run = new ShopRun(options);
  await run.world.create();
  run.begin();
  run.world.schedule.runBefore(ALTER_MS);
  await run.world.addRiskScore();
  run.world.schedule.runBefore(END_MS);
  run.world.finish();
  options.sink.end(END_MS);
  return run.truth();
}

/** The tables that are captured when departments work, by default the usual ones, besides heartbeats. */
export function tablesOf(names: readonly string[] = usualDepartments): World["tables"] {
  const world = new World(NOWHERE);
  openDepartments(names, world, seededRandom(0), 0);
  return world.tables;
}

/** Whether the connectors tell of transactions when departments with these names work. */
export function tellsTransactions(names: readonly string[] = usualDepartments): boolean {
  const world = new World(NOWHERE);
  openDepartments(names, world, seededRandom(0), 0);
  return world.tellsTransactions;
}

/** The departments with these names; others are left out. */
function openDepartments(
  names: readonly string[],
  world: World,
  random: Random,
  orders: number,
  faults = true,
): Department[] {
  const wanted = departments.filter(({ name }) => names.includes(name));
  return wanted.map(({ name, open }) => open({ world, random: random.fork(`department/${name}`), orders, faults }));
}

const NOWHERE: ShopSink = {
  createTopic: () => undefined,
  append: () => undefined,
  flush: () => undefined,
  end: () => undefined,
  register: async () => 0,
};

class ShopRun {
  readonly world: World;
  readonly #options: ShopOptions;
  readonly #random: Random;
  readonly #casting: Casting;
  readonly #faults: { key: bigint; currency: string; planned: PlannedFault }[] = [];
  readonly #counts: Record<LookAlikeName | "scored" | "redelivered", number>;
  readonly #departments: readonly Department[];

  constructor(options: ShopOptions) {
    this.#options = options;
    this.world = new World(options.sink);
    this.#random = seededRandom(options.seed);
    const { orders, faults, departments: wanted = usualDepartments } = options;
    this.#departments = openDepartments(wanted, this.world, this.#random, orders, faults);
    this.#casting = new Casting(this.#random.fork("casting"), options.orders);
    const names = Object.keys(lookAlikes) as LookAlikeName[];
    const none = Object.fromEntries(names.map((name) => [name, 0])) as Record<LookAlikeName, number>;
    this.#counts = { ...none, scored: 0, redelivered: 0 };
  }

  /** Puts everything into the schedule from which the rest follows. */
  begin(): void {
    const { schedule, mariaConnector, postgresConnector } = this.world;
    schedule.at(START_MS, () => this.world.snapshot(START_MS));
    this.#every(START_MS + HEARTBEAT_EVERY, HEARTBEAT_EVERY, (at) => this.world.beat(at));
    this.#every(START_MS + SCORING_EVERY + 7, SCORING_EVERY, (at) => {
      this.#counts.scored += this.world.score(at);
    });
    this.#restarts(mariaConnector, this.#random.fork("mariaConnector"), START_MS);
    this.#restarts(postgresConnector, this.#random.fork("postgresConnector"), START_MS);
    for (const department of this.#departments) department.begin();
    this.#await(0);
  }

  truth(): ShopTruth {
    const { seed, orders } = this.#options;
    const records = this.world.mariaConnector.records + this.world.postgresConnector.records;
    const own = this.#faults.map(({ key, currency, planned }) => describe(String(key), currency, planned));
    const others = this.#departments.map((department) => department.truth());
    const known = [...own, ...others.flatMap(({ faults: theirs }) => theirs.map(describeTheirs))];
    const times = { firstTime: START_MS, endTime: END_MS };
    return {
      seed,
      orders,
      records,
      ...times,
      faults: known.filter(({ dueAt }) => dueAt > START_MS && dueAt <= END_MS),
      notDue: known.filter(({ dueAt }) => dueAt > END_MS),
      baseline: known
        .filter(({ dueAt }) => dueAt <= START_MS)
        .map(({ check, key, currency }) => ({ check, key, currency })),
      lookAlikes: Object.assign({ ...this.#counts }, ...others.map(({ lookAlikes: theirs }) => theirs)),
    };
  }

  /** Plans the order of a number when it arrives, and waits for the next. */
  #await(index: number): void {
    const { orders, onProgress } = this.#options;
    if (index % PROGRESS_EVERY === 0 || index === orders) onProgress?.(index);
    if (index === orders) return;
    const random = this.#random.fork(`order/${index}`);
    const arrival = this.#casting.arrival(index, random);
    this.world.schedule.at(arrival, () => {
      this.#plan(index, arrival, random);
      this.#await(index + 1);
    });
  }

  #plan(index: number, arrival: number, random: Random): void {
    const role = this.#casting.role(index, random);
    const order = new Order(this.world, random, index, arrival);
    const isAllowed = this.#options.faults !== false || role.type !== "fault";
    const planned = this.#play(order, isAllowed ? role : { type: "usual" });
    if (planned !== undefined) {
      if (isDoubtful(planned)) return;
      this.#faults.push({ key: order.paymentId, currency: order.currency, planned });
    }
    order.enter();
  }

  #play(order: Order, role: Role): PlannedFault | undefined {
    switch (role.type) {
      case "fault":
        return faults[role.name].plan(order);
      case "lookAlike":
        this.#counts[role.name]++;
        lookAlikes[role.name].plan(order);
        return undefined;
      case "failed":
        order.fail();
        return undefined;
      case "usual":
        order.isScored = order.random.chance(0.3);
        order.settleCapture(order.pay());
        return undefined;
    }
  }

  #every(firstMs: number, periodMs: number, run: (timeMs: number) => void): void {
    this.world.schedule.at(firstMs, () => {
      run(firstMs);
      this.#every(firstMs + periodMs, periodMs, run);
    });
  }

  #restarts(connector: Connector, random: Random, fromMs: number): void {
    const at = fromMs + hours(6) + random.below(hours(24));
    this.world.schedule.at(at, () => {
      this.#counts.redelivered += connector.restart(5 + random.below(196), at);
      this.#restarts(connector, random, at);
    });
  }
}

/**
 * True for what breaks or mends so close to the log's end that it is neither surely in it nor surely behind it. Such an
 * order never comes.
 */
function isDoubtful({ dueAt, resolvedAt = dueAt }: PlannedFault): boolean {
  return [dueAt, resolvedAt].some((time) => Math.abs(time - END_MS) < minutes(10));
}

function describe(key: string, currency: string, planned: PlannedFault): InjectedFault {
  const { class: class_, atRisk, dueAt, resolvedAt, note } = planned;
  const resolves = resolvedAt !== undefined && resolvedAt <= LAST_COMMIT_MS;
  return {
    check: CHECK,
    class: class_,
    key,
    currency,
    atRisk: formatDecimal(BigInt(atRisk), digitsOf(currency)),
    dueAt,
    resolves,
    note,
  };
}

function describeTheirs({ resolvedAt, ...fault }: DepartmentFault): InjectedFault {
  return { ...fault, resolves: resolvedAt !== undefined && resolvedAt <= LAST_COMMIT_MS };
}
