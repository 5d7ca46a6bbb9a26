import { raise } from "../../base/errors.ts";
import type { Duration } from "../../base/time.ts";
import { type Fields, isFieldName } from "../model.ts";
import type { Row } from "../row-view.ts";

/** What a state holds of each key: one object, a list of them, or a map of them. */
export type StateKind = "value" | "list" | "map";

/** How long state is kept. */
export interface StateOptions {
  /**
   * What was written at event time t is gone once the watermark has reached t + ttl. Default: kept until it is cleared.
   * Counterpart in Flink: `StateTtlConfig` with `OnCreateAndWrite` and `NeverReturnExpired`, but by event time.
   */
  readonly ttl?: Duration;
}

/** A declared state. */
export interface StateSpec<K extends StateKind = StateKind, F extends Fields = Fields> {
  readonly kind: K;
  readonly fields: F;
  readonly ttlMs: number | undefined;
}

/** Declares value state: one object of the given fields per key. Counterpart in Flink: `ValueState`. */
export const value = <const F extends Fields>(fields: F, options?: StateOptions) => spec("value", fields, options);

/**
 * Declares list state: objects of the given fields, in the order of `add`. A key's list is written and read as a whole
 * where memory does not hold it: thousands of elements, not millions. Counterpart in Flink: `ListState`.
 */
export const list = <const F extends Fields>(fields: F, options?: StateOptions) => spec("list", fields, options);

/**
 * Declares map state: objects of the given fields by a text or id. A key's map is written and read as a whole where memory
 * does not hold it: thousands of entries, not millions. Counterpart in Flink: `MapState`.
 */
export const map = <const F extends Fields>(fields: F, options?: StateOptions) => spec("map", fields, options);

/** The state of a process function by name. */
export type StateSpecs = Readonly<Record<string, StateSpec>>;

/**
 * Value state of the current key. What it gives is a snapshot that may be kept and never changes; only `set` writes. The
 * same goes for lists and maps.
 */
export interface ValueState<T> {
  get(): T | undefined;
  /** Fields that are left out are null. JOB_WRONG_VALUE. */
  set(value: T): void;
  clear(): void;
}

/** List state of the current key; a ttl counts for each element by itself. */
export interface ListState<T> {
  /** All elements, which takes as long as there are many: for their number ask `size`. */
  get(): readonly T[];
  readonly size: number;
  /** Adds an element at the end. JOB_WRONG_VALUE. */
  add(value: T): void;
  clear(): void;
}

/** Map state that is looked at only. */
export interface ReadonlyMapState<T> {
  get(key: string): T | undefined;
  has(key: string): boolean;
  /** All entries, in the order in which their keys were first set: takes as long as there are many. */
  entries(): readonly (readonly [key: string, value: T])[];
  readonly size: number;
}

/** Map state of the current key; a ttl counts for each entry by itself. */
export interface MapState<T> extends ReadonlyMapState<T> {
  /** Writes an entry; one that is there keeps its place in the order. JOB_WRONG_VALUE. */
  set(key: string, value: T): void;
  delete(key: string): void;
  clear(): void;
}

/** How a function sees a declared state. */
export type StateOf<S extends StateSpec> = StateTypes<Row<S["fields"]>>[S["kind"]];

interface StateTypes<T> {
  readonly value: ValueState<T>;
  readonly list: ListState<T>;
  readonly map: MapState<T>;
}

/** Jobs run without the compiler, so what it would have said is said here. JOB_STATE_INVALID. */
export function checkStates(place: string, specs: StateSpecs): void {
  for (const [name, spec] of Object.entries(specs)) {
    const invalid = (reason: string) => raise("JOB_STATE_INVALID", { state: name, place, reason });
    if (!isFieldName(name)) invalid("its name should be letters and digits");
    if (!KINDS.has(spec?.kind)) invalid("it is none of value, list and map");
    for (const [field, declared] of Object.entries(spec.fields ?? invalid("it has no fields"))) {
      if (!isFieldName(field)) invalid(`its field ${JSON.stringify(field)} should have a name of letters and digits`);
      if (declared?.kind === undefined)
        invalid(`its field ${field} is not declared by id(), text() or another of them`);
    }
    const { ttlMs } = spec;
    if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs > 0)) {
      invalid(`its ttl is ${ttlMs}, and should be a length of time, such as hours(24)`);
    }
  }
}

/** State without a key is a map, and is kept until it is cleared. JOB_STATE_INVALID. */
export function checkBroadcastStates(place: string, specs: StateSpecs): void {
  checkStates(place, specs);
  for (const [state, { kind, ttlMs }] of Object.entries(specs)) {
    const invalid = (reason: string) => raise("JOB_STATE_INVALID", { state, place, reason });
    if (kind !== "map") invalid("broadcast state is a map");
    if (ttlMs !== undefined) invalid("broadcast state has no ttl: its rows clear what is over");
  }
}

const KINDS: ReadonlySet<string> = new Set<StateKind>(["value", "list", "map"]);

function spec<K extends StateKind, F extends Fields>(kind: K, fields: F, options?: StateOptions): StateSpec<K, F> {
  return { kind, fields, ttlMs: options?.ttl };
}
