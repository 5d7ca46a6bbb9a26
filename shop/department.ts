import type { Random } from "../base/random.ts";
import type { InjectedFault } from "./truth.ts";
import type { World } from "./world.ts";

/** What a department made go wrong; `resolvedAt`: when a later event makes it right again. */
export interface DepartmentFault extends Omit<InjectedFault, "resolves"> {
  readonly resolvedAt?: number;
}

/** What a department knows of its own traffic, once all of it has happened. */
export interface DepartmentTruth {
  readonly faults: readonly DepartmentFault[];
  /** How often each kind of look-alike occurred. */
  readonly lookAlikes: Readonly<Record<string, number>>;
}

/**
 * A part of the company with tables, traffic, mistakes and look-alikes of its own. It draws from its own random numbers,
 * so that what another does never changes what it does.
 */
export interface Department {
  /** Puts into the schedule what the rest of its traffic follows from, what is older than the snapshots too. */
  begin(): void;
  truth(): DepartmentTruth;
}

/** What a department is opened with, before any table is created. */
export interface DepartmentContext {
  readonly world: World;
  readonly random: Random;
  /** Orders of the whole shop: departments have traffic in proportion. */
  readonly orders: number;
  /** False: nothing may go wrong. */
  readonly faults: boolean;
}

/** A department by its name. Opening it opens its tables by `World.open`. */
export interface DepartmentSpec {
  readonly name: string;
  open(context: DepartmentContext): Department;
}
