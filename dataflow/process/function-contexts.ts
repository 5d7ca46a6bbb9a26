import type { Id } from "../model.ts";
import type { Position } from "./position.ts";
import type { ProcessTimes, RowKind } from "./process-spec.ts";

/** Where functions emit to. */
export interface EmitActions {
  emit(row: unknown): void;
  emitTo(side: string, row: unknown): void;
}

/** What functions of a key hand to the operator. */
export interface KeyActions extends EmitActions {
  setTimer(time: number): void;
  setProcessingTimer(time: number): void;
  deleteTimer(time: number): void;
  deleteProcessingTimer(time: number): void;
}

/** The context of functions of broadcast rows: one object for all calls, which looks where the operator is. */
export class BroadcastFunctionContext implements ProcessTimes {
  readonly broadcastState: object;
  readonly emit: EmitActions["emit"];
  readonly emitTo: EmitActions["emitTo"];
  readonly #at: Position;

  constructor(at: Position, broadcastState: object, { emit, emitTo }: EmitActions) {
    this.#at = at;
    this.broadcastState = broadcastState;
    this.emit = emit;
    this.emitTo = emitTo;
  }

  get kind(): RowKind {
    return this.#at.kind;
  }

  get time(): number {
    return this.#at.time;
  }

  get watermark(): number {
    return this.#at.watermark;
  }

  get processingTime(): number {
    return this.#at.processingTime;
  }
}

/** The context of functions of keyed rows and timers, whose parts can be taken out of it. */
export class KeyedFunctionContext extends BroadcastFunctionContext {
  readonly state: object;
  readonly setTimer: KeyActions["setTimer"];
  readonly setProcessingTimer: KeyActions["setProcessingTimer"];
  readonly deleteTimer: KeyActions["deleteTimer"];
  readonly deleteProcessingTimer: KeyActions["deleteProcessingTimer"];
  readonly #at: Position;

  constructor(at: Position, state: object, broadcastState: object, actions: KeyActions) {
    super(at, broadcastState, actions);
    this.#at = at;
    this.state = state;
    this.setTimer = actions.setTimer;
    this.setProcessingTimer = actions.setProcessingTimer;
    this.deleteTimer = actions.deleteTimer;
    this.deleteProcessingTimer = actions.deleteProcessingTimer;
  }

  get key(): Id {
    return this.#at.key;
  }
}
