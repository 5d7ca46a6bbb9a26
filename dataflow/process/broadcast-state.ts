import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { assert } from "../../base/errors.ts";
import type { KeyedState, OperatorContext, StateCodec } from "../operator.ts";
import type { BroadcastStates } from "./process-spec.ts";
import type { AnyRow, Moment } from "./state-cells.ts";
import type { MapState, ReadonlyMapState } from "./state-spec.ts";
import { type StateView, stateView } from "./state-views.ts";
import { stateCodec } from "./stored.ts";

/** The one key under which a view finds what belongs to none. */
const NO_KEY = "";

/** State that every subtask holds all of, and saves all of: after a restore each takes what the first one saved. */
export class BroadcastState {
  /** Of each state by its name, to be looked at and written. */
  readonly views: Readonly<Record<string, StateView>>;
  /** The same, to be looked at only. */
  readonly readonlyViews: Readonly<Record<string, ReadonlyMapState<AnyRow>>>;
  readonly #states = new Map<string, { readonly held: Held; readonly codec: StateCodec<unknown> }>();

  constructor(specs: BroadcastStates, context: OperatorContext) {
    const moment: Moment = { key: NO_KEY, writeTime: null, reached: Number.NEGATIVE_INFINITY, expect: () => undefined };
    const views: Record<string, StateView> = {};
    const readonlyViews: Record<string, ReadonlyMapState<AnyRow>> = {};
    for (const [name, spec] of Object.entries(specs)) {
      const codec: StateCodec<unknown> = stateCodec("map", spec.fields);
      // No key ever has it. That it is declared makes a checkpoint name it: whether it may be read or dropped is seen there.
      context.state(name, codec);
      const held = new Held();
      this.#states.set(name, { held, codec });
      const view = stateView(name, spec, held, moment);
      views[name] = view;
      readonlyViews[name] = readonlyOf(view as StateView & MapState<AnyRow>);
    }
    this.views = views;
    this.readonlyViews = readonlyViews;
  }

  save(out: ByteWriter): void {
    const bytes = new ByteWriter();
    out.uint(this.#states.size);
    for (const [name, { held, codec }] of this.#states) {
      bytes.clear();
      if (held.value !== undefined) codec.write(held.value, bytes);
      out.text(name);
      out.text(codec.schema);
      out.flag(held.value !== undefined);
      out.block(bytes.bytes());
    }
  }

  /** Reads what a subtask saved, maybe of another version of the job, which is known to be readable. */
  restore(saved: ByteReader): void {
    for (let left = saved.uint(); left > 0; left--) {
      const [name, schema, isThere, bytes] = [saved.text(), saved.text(), saved.flag(), saved.block()];
      const state = this.#states.get(name);
      if (state === undefined || !isThere) continue;
      const read = state.codec.readsFrom(schema);
      assert(read !== undefined, `what was saved of ${name} can be read`);
      state.held.value = read(new ByteReader(bytes));
    }
  }
}

/** Functions that could write it would make subtasks differ. */
function readonlyOf(view: MapState<AnyRow>): ReadonlyMapState<AnyRow> {
  return {
    get: (key) => view.get(key),
    has: (key) => view.has(key),
    entries: () => view.entries(),
    get size() {
      return view.size;
    },
  };
}

/** A value of no key. */
class Held implements KeyedState<unknown> {
  value: unknown;

  get(): unknown {
    return this.value;
  }

  set(_key: string, value: unknown): void {
    this.value = value;
  }

  delete(): void {
    this.value = undefined;
  }

  mayHave(): boolean {
    return this.value !== undefined;
  }

  forEach(visit: (key: string, value: unknown) => void): void {
    if (this.value !== undefined) visit(NO_KEY, this.value);
  }

  get size(): number {
    return this.value === undefined ? 0 : 1;
  }
}
