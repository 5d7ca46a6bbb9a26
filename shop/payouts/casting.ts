import type { Random } from "../../base/random.ts";
import { hours } from "../../base/time.ts";
import { END_MS, START_MS } from "../terms.ts";
import type { Account } from "./account.ts";
import { baselineFaults, guaranteed, type PayoutFault, type PayoutFaultName, payoutFaults } from "./faults.ts";
import { type PayoutLookAlikeName, payoutLookAlikes } from "./look-alikes.ts";

/** Accounts between two faults. */
const EVERY = 24;
/** How often each class is among the first faults. */
const AT_LEAST = 2;
/** Share of the accounts that are overdue when the snapshots are taken. */
const BASELINE = 0.06;
/** Share of the changes behind a payout that nobody follows. */
const UNADJUSTED = 0.12;

/** What is to go wrong besides what befalls an account that is to be paid out. */
type Wanted = PayoutFaultName | "unknownBatch";

/** Says which accounts are there for what. */
export class PayoutCasting {
  readonly #random: Random;
  readonly #goesWrong: boolean;
  /** What is to go wrong next, first things first. */
  readonly #wanted: Wanted[];
  #accounts = 0;
  #unknown = 0;

  constructor(random: Random, orders: number, goesWrong: boolean) {
    this.#goesWrong = goesWrong;
    this.#random = random;
    const first = Array.from({ length: AT_LEAST }, () => [
      ...guaranteed.map((kinds): Wanted => random.pick(kinds)),
      "unknownBatch" as const,
    ]).flat();
    const others = Array.from({ length: Math.ceil(orders / EVERY) }, () => drawFault(random));
    this.#wanted = [...shuffled(first, random), ...others];
  }

  /** What is to go wrong with a plain account that is to be paid out; undefined for nothing. */
  fault(account: Account, now: number, random: Random): PayoutFaultName | undefined {
    if (!this.#goesWrong) return undefined;
    const { dueAt } = account.batch;
    if (dueAt < START_MS) return random.chance(BASELINE) ? random.pick(baselineFaults) : undefined;
    if (now < START_MS || dueAt > END_MS - hours(1) || ++this.#accounts < EVERY) return undefined;
    const at = this.#wanted.findIndex((name) => name !== "unknownBatch" && suits(name, account));
    if (at < 0) return undefined;
    this.#accounts = 0;
    return this.#wanted.splice(at, 1)[0] as PayoutFaultName;
  }

  /** Id of an unknown batch, where one is next to be paid for. */
  unknownBatch(): string | undefined {
    if (!this.#goesWrong || this.#wanted[0] !== "unknownBatch") return undefined;
    this.#wanted.shift();
    return `U-${++this.#unknown}`;
  }

  /** Whether nobody follows a change of lines behind a payout. */
  leavesUnadjusted(account: Account, now: number): boolean {
    if (!this.#goesWrong) return false;
    const { batch, fault, lines, payouts, negatives, open } = account;
    const isClear = now > START_MS + hours(1) && now < END_MS - hours(1) && batch.dueAt < END_MS && batch.isCalm(now);
    if (!isClear || fault !== undefined || lines === 0 || payouts.length === 0) return false;
    return (open > 0 || negatives === 0) && this.#random.chance(UNADJUSTED);
  }

  lookAlike(random: Random): PayoutLookAlikeName | undefined {
    return draw(random, payoutLookAlikes, ({ share }) => share);
  }
}

function suits(name: PayoutFaultName, account: Account): boolean {
  const { suits: isFit }: PayoutFault = payoutFaults[name];
  return isFit === undefined || isFit(account);
}

function drawFault(random: Random): Wanted {
  const often = Object.values(payoutFaults).reduce((sum, fault) => sum + fault.often, 0);
  return draw(random, payoutFaults, (fault) => fault.often / (often + 2)) ?? "unknownBatch";
}

/** Draws a name by its share; undefined where the shares leave something over. */
function draw<N extends string, V>(random: Random, of: Readonly<Record<N, V>>, share: (value: V) => number) {
  let rest = random.next();
  for (const name of Object.keys(of) as N[]) {
    rest -= share(of[name]);
    if (rest < 0) return name;
  }
  return undefined;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0]!);
}
