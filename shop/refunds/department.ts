import { formatDecimal } from "../../base/money.ts";
import type { Random } from "../../base/random.ts";
import { minutes } from "../../base/time.ts";
import type { Department, DepartmentContext, DepartmentFault, DepartmentSpec, DepartmentTruth } from "../department.ts";
import { digitsOf } from "../prices.ts";
import { END_MS, START_MS } from "../terms.ts";
import type { World } from "../world.ts";
import { Casting } from "./casting.ts";
import { DeskTables } from "./desk-tables.ts";
import type { PlannedFault } from "./fault-plan.ts";
import { lookAlikes } from "./look-alikes.ts";
import { Purchase } from "./purchase.ts";

/** Purchases for each order of the shop. */
const PURCHASES = 0.5;
/** How many of the usual purchases are refunded in part. */
const REFUNDED = 0.25;

/** The desk that takes payments for purchases and gives them back, with its checks of section B of the semantics. */
export const refundDesk: DepartmentSpec = { name: "refunds", open: (context) => new RefundDesk(context) };

class RefundDesk implements Department {
  readonly #world: World;
  readonly #random: Random;
  readonly #purchases: number;
  readonly #goesWrong: boolean;
  readonly #tables: DeskTables;
  readonly #casting: Casting;
  readonly #faults: PlannedFault[] = [];
  readonly #counts: Record<string, number> = {};

  constructor({ world, random, orders, faults }: DepartmentContext) {
    this.#world = world;
    this.#random = random;
    this.#goesWrong = faults;
    this.#purchases = Math.ceil(orders * PURCHASES);
    this.#tables = new DeskTables(world);
    this.#casting = new Casting(random.fork("casting"), this.#purchases);
    for (const name of Object.keys(lookAlikes)) this.#counts[name] = 0;
  }

  begin(): void {
    this.#await(0);
  }

  truth(): DepartmentTruth {
    const faults = this.#faults.map(
      ({ atRisk, currency, ...fault }): DepartmentFault => ({
        ...fault,
        currency,
        atRisk: formatDecimal(BigInt(atRisk), digitsOf(currency)),
      }),
    );
    return { faults, lookAlikes: this.#counts };
  }

  /** Plans the purchase of a number when it arrives, and waits for the next. */
  #await(index: number): void {
    if (index === this.#purchases) return;
    const random = this.#random.fork(`purchase/${index}`);
    const arrival = this.#casting.arrival(index, random);
    this.#world.schedule.at(arrival, () => {
      this.#plan(new Purchase(random, index, arrival), index);
      this.#await(index + 1);
    });
  }

  #plan(purchase: Purchase, index: number): void {
    const role = this.#casting.role(index, purchase.random);
    if (role.type === "fault" && this.#goesWrong) {
      const planned = role.plan(purchase);
      if (isDoubtful(planned)) return;
      this.#faults.push(planned);
    } else if (role.type === "lookAlike") {
      lookAlikes[role.name].plan(purchase);
      this.#counts[role.name]!++;
    } else if (purchase.random.chance(REFUNDED)) {
      const { charge, askAt } = purchase.refundable();
      purchase.refundAndBook(charge.chargeNo, purchase.partOf(purchase.due), askAt);
    } else {
      purchase.pay();
    }
    this.#tables.enter(purchase.changes, purchase.random);
  }
}

/**
 * True for what breaks or mends so close to the snapshots or the log's end that it is not surely on one side. Such a
 * purchase never comes.
 */
function isDoubtful({ dueAt, resolvedAt = dueAt }: PlannedFault): boolean {
  const times = [dueAt, resolvedAt].flatMap((time) => [time - START_MS, time - END_MS]);
  return times.some((distance) => Math.abs(distance) < minutes(10));
}
