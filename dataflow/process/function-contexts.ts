import type { Id } from "../model.ts";
import type { Position } from "./position.ts";
import type { ProcessTimes, RowKind } from "./process-spec.ts";

/** What contexts hand to the operator. */
export interface ContextActions {
  emit(row: unknown): void;
  emitTo(side: string, row: unknown): void;
  setTimer(time: number): void;
  setProcessingTimer(time: number): void;
}

/** The context of functions of broadcast rows: one object for all calls, which looks where the operator is. */
export class BroadcastFunctionContext implements ProcessTimes {
  readonly #at: Position;
  readonly broadcastState: object;

  constructor(at: Position, broadcastState: object) {
    this.#at = at;
    this.broadcastState = broadcastState;
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
  readonly #at: Position;
  readonly state: object;
  readonly emit: ContextActions["emit"];
  readonly emitTo: ContextActions["emitTo"];
  readonly setTimer: ContextActions["setTimer"];
  readonly setProcessingTimer: ContextActions["setProcessingTimer"];

  constructor(at: Position, state: object, broadcastState: object, actions: ContextActions) {
    super(at, broadcastState);
    this.#at = at;
    this.state = state;
    this.emit = actions.emit;
    this.emitTo = actions.emitTo;
    this.setTimer = actions.setTimer;
    this.setProcessingTimer = actions.setProcessingTimer;
  }

  get key(): Id {
    return this.#at.key;
  }
}
