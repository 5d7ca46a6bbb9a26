import type { Environment } from "../environment.ts";
import type { Node } from "../graph.ts";
import type { Fields } from "../model.ts";
import type { Row } from "../row-view.ts";
import type { Keyed } from "../streams.ts";
import type { BroadcastContext, BroadcastStates, ElementContext, None, ProcessContext, Sides } from "./process-spec.ts";
import type { StateSpecs } from "./state-spec.ts";

/** Streams or changelogs by key, by the names under which their functions stand. */
export type KeyedInputs = Readonly<Record<string, Keyed<Fields, readonly string[]>>>;

/** Streams or changelogs whose rows go to all subtasks, by name. */
export type BroadcastInputs = Readonly<Record<string, BroadcastInput>>;

/** A `Stream` or a `Changelog`. */
export interface BroadcastInput {
  readonly fieldTypes: Fields;
  readonly environment: Environment;
  readonly node: Node;
  /** It is not by key. */
  readonly key?: never;
}

/** Process functions over several inputs: what each does with its rows, and what they share. */
export interface ConnectSpec<
  In extends KeyedInputs,
  S extends StateSpecs,
  G extends Fields,
  D extends Sides = None,
  B extends BroadcastInputs = None,
  BS extends BroadcastStates = None,
> {
  /** Keyed alike: rows of one key meet, and see the same state, whichever input they come from. */
  readonly inputs: In & KeyedAlike<In>;
  /** Inputs of which every row goes to all subtasks, to be written into `broadcastState`. */
  readonly broadcast?: B;
  /** State of the key, of all keyed inputs together. */
  readonly state: S;
  /** State that every subtask holds all of: what broadcast rows write, and all functions look at. */
  readonly broadcastState?: BS;
  readonly emits: G;
  /** Side outputs: `context.emitTo` hands rows to them, the result's `side` gives them. */
  readonly sides?: D;
  /** What is done with a row of each input, by the input's name. */
  readonly on: InputFunctions<NoInfer<In>, S, G, D, NoInfer<B>, BS>;
  readonly onTimer?: (context: ProcessContext<S, G, D, BS>) => void;
  readonly onProcessingTimer?: (context: ProcessContext<S, G, D, BS>) => void;
}

/** A function for each input. */
export type InputFunctions<
  In extends KeyedInputs,
  S extends StateSpecs,
  G extends Fields,
  D extends Sides,
  B extends BroadcastInputs,
  BS extends BroadcastStates,
> = {
  readonly [N in keyof In | keyof B]: N extends keyof In
    ? (row: Row<In[N]["fieldTypes"]>, context: ElementContext<S, G, D, BS>) => void
    : N extends keyof B
      ? (row: Row<B[N]["fieldTypes"]>, context: BroadcastContext<BS, G, D>) => void
      : never;
};

/** Refuses inputs whose keys are not of the types of all others'. */
export type KeyedAlike<In extends KeyedInputs> = {
  readonly [N in keyof In]: In[keyof In]["keyTypes"] extends In[N]["keyTypes"] ? unknown : KeysDiffer;
};

/** What the compiler says of such an input. */
export type KeysDiffer = "the key of this input is of other types than the keys of the others";
