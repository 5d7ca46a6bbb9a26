import type { Fields, Id } from "../model.ts";
import type { Row } from "../row-view.ts";
import type { MapState, ReadonlyMapState, StateOf, StateSpec, StateSpecs } from "./state-spec.ts";

/** Fields of the side outputs of a function, by name. */
export type Sides = Readonly<Record<string, Fields>>;

/** State that is the same in all subtasks, by name: maps without a ttl. */
export type BroadcastStates = Readonly<Record<string, StateSpec<"map">>>;

/** Nothing of what could be declared by name. */
export type None = Readonly<Record<never, never>>;

/** What an operator's functions know of time. */
export interface ProcessTimes {
  /**
   * Event time of the row, or the time of the timer. For a timer of processing time it is the first event time behind
   * the watermark, so that what is emitted is not late.
   */
  readonly time: number;
  /** The current watermark, the least of all inputs': −∞ before the first. */
  readonly watermark: number;
  /** Processing time as it was last told, in epoch ms: −∞ before the first. It differs from run to run. */
  readonly processingTime: number;
}

/** What a function of a key may do: that of a timer all of it, that of a row besides looking at its row. */
export interface ProcessContext<
  S extends StateSpecs,
  G extends Fields,
  D extends Sides = None,
  B extends BroadcastStates = None,
> extends ProcessTimes {
  readonly key: Id;
  readonly state: { readonly [N in keyof S]: StateOf<S[N]> };
  /** What the rows of broadcast inputs have written, to be looked at. */
  readonly broadcastState: { readonly [N in keyof B]: ReadonlyMapState<Row<B[N]["fields"]>> };
  emit(row: Row<G>): void;
  /** Emits a row to a side output that is declared under `sides`. JOB_SIDE_INVALID. */
  emitTo<N extends keyof D & string>(side: N, row: Row<D[N]>): void;
  /** Calls `onTimer` for this key once the watermark has reached the time. JOB_TIMER_INVALID. */
  setTimer(time: number): void;
  /** Calls `onProcessingTimer` for this key once processing time has reached the time. JOB_TIMER_INVALID. */
  setProcessingTimer(time: number): void;
  /**
   * Takes back what `setTimer` has set for this key and the time, even where the watermark has reached it; nothing
   * happens where there is no such timer. Counterpart in Flink: `deleteEventTimeTimer`. JOB_TIMER_INVALID.
   */
  deleteTimer(time: number): void;
  /**
   * Takes back what `setProcessingTimer` has set for this key and the time. Counterpart in Flink:
   * `deleteProcessingTimeTimer`. JOB_TIMER_INVALID.
   */
  deleteProcessingTimer(time: number): void;
}

/** What happened to a row: events are added only; a changelog takes rows back too, each as it was added. */
export type RowKind = "add" | "retract";

/** What a function of a key's rows may do. */
export interface ElementContext<
  S extends StateSpecs,
  G extends Fields,
  D extends Sides = None,
  B extends BroadcastStates = None,
> extends ProcessContext<S, G, D, B> {
  readonly kind: RowKind;
}

/** What a function of a broadcast input's rows may do: they belong to no key. It is called in every subtask. */
export interface BroadcastContext<B extends BroadcastStates, G extends Fields = None, D extends Sides = None>
  extends ProcessTimes {
  readonly kind: RowKind;
  /**
   * The same in every subtask, as long as the function writes the same in each: it must look at nothing but its row and
   * this state.
   */
  readonly broadcastState: { readonly [N in keyof B]: MapState<Row<B[N]["fields"]>> };
  /** What every subtask emits for a row comes out once. */
  emit(row: Row<G>): void;
  /** Emits a row to a side output that is declared under `sides`, once too. JOB_SIDE_INVALID. */
  emitTo<N extends keyof D & string>(side: N, row: Row<D[N]>): void;
}

/** A process function: its state, what it emits, and what it does. */
export interface ProcessSpec<F extends Fields, S extends StateSpecs, G extends Fields, D extends Sides = None> {
  readonly state: S;
  readonly emits: G;
  /** Side outputs: `context.emitTo` hands rows to them, the result's `side` gives them. */
  readonly sides?: D;
  readonly onElement: (row: Row<F>, context: ElementContext<S, G, D>) => void;
  readonly onTimer?: (context: ProcessContext<S, G, D>) => void;
  readonly onProcessingTimer?: (context: ProcessContext<S, G, D>) => void;
}
