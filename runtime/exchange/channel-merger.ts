import type { Batch } from "../../base/batch.ts";
import { assert } from "../../base/errors.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Control } from "../../dataflow/operator.ts";
import type { Receiver } from "../operators/receiver.ts";
import type { ChannelHandler } from "./channel.ts";

/**
 * The receiving side of one subtask of a task: several channels become the task's inputs, as if one driver drove them.
 *
 * On each input a source's frontier is the least of those that the channels carrying the input announced, `since` the
 * greatest; likewise the watermark; the end is the last channel's. They are handed on when they rise. Other elements pass
 * every time. A channel that has nothing of a source announces a frontier of +∞ for it at first, and `since` −∞; the same
 * for the watermark.
 *
 * A channel that delivered a barrier is held: whoever reads must take nothing from it until all others have delivered the
 * barrier, or ended. `aligned` is called then, before anything is taken from any channel.
 */
export class ChannelMerger {
  readonly #target: Receiver;
  readonly #aligned: (checkpoint: number) => void;
  readonly #handlers: readonly ChannelHandler[];
  readonly #inputs: readonly InputState[];
  /** Inputs of each channel that have not ended. */
  readonly #open: Set<number>[];
  readonly #held: boolean[];
  /** The checkpoint whose barrier some channel has delivered and not all. */
  #pending: number | undefined;
  #lastAligned = -1;

  /** `channels[c]` lists the task's inputs that channel c carries; every input is carried by some. */
  constructor(channels: readonly (readonly number[])[], target: Receiver, aligned: (checkpoint: number) => void) {
    this.#target = target;
    this.#aligned = aligned;
    this.#handlers = channels.map((_, channel) => this.#makeHandler(channel));
    const inputs = Math.max(...channels.flat()) + 1;
    this.#inputs = Array.from({ length: inputs }, (_, input) => makeInputState(channels, input));
    this.#open = channels.map((carried) => new Set(carried));
    this.#held = channels.map(() => false);
  }

  /** Takes the elements of a channel. */
  handlerOf(channel: number): ChannelHandler {
    return this.#handlers[channel]!;
  }

  /** True while nothing may be taken from a channel. */
  isHeld(channel: number): boolean {
    return this.#held[channel]!;
  }

  #makeHandler(channel: number): ChannelHandler {
    return {
      batch: (input, batch) => this.#batch(channel, input, batch),
      control: (input, element) => this.#control(channel, input, element),
      end: (input) => this.#end(channel, input),
      barrier: (checkpoint) => this.#barrier(channel, checkpoint),
    };
  }

  #batch(channel: number, input: number, batch: Batch): void {
    this.#requireFree(channel);
    this.#target.batch(input, batch);
  }

  #control(channel: number, input: number, element: Control): void {
    this.#requireFree(channel);
    const state = this.#inputs[input]!;
    if (element.type === "watermark") {
      const time = state.watermark.announce(channel, element.time);
      if (time !== undefined) this.#target.control(input, { type: "watermark", time });
    } else if (element.type === "frontier") this.#frontier(channel, input, element);
    else this.#target.control(input, element);
  }

  #frontier(channel: number, input: number, element: Control & { readonly type: "frontier" }): void {
    const { channels, frontiers } = this.#inputs[input]!;
    const { source } = element;
    const state = frontiers.get(source) ?? { least: new Least(channels), since: BEFORE_ALL_TIME };
    frontiers.set(source, state);
    state.since = Math.max(state.since, element.since);
    const through = state.least.announce(channel, element.through);
    if (through !== undefined) this.#target.control(input, { type: "frontier", source, through, since: state.since });
  }

  #end(channel: number, input: number): void {
    this.#requireFree(channel);
    const state = this.#inputs[input]!;
    assert(this.#open[channel]!.delete(input), `channel ${channel} ends input ${input} once`);
    if (--state.open === 0) this.#target.end(input);
    if (this.#open[channel]!.size === 0) this.#align();
  }

  #barrier(channel: number, checkpoint: number): void {
    this.#requireFree(channel);
    // Ended channels may deliver barriers too, which nobody waits for any more.
    if (checkpoint <= this.#lastAligned) return;
    assert(this.#pending === undefined || this.#pending === checkpoint, "one checkpoint is aligned at a time");
    this.#pending = checkpoint;
    this.#held[channel] = true;
    this.#align();
  }

  /** Looks whether the barrier has come on all channels, and lets them go on then. */
  #align(): void {
    const checkpoint = this.#pending;
    if (checkpoint === undefined) return;
    if (!this.#held.every((held, channel) => held || this.#open[channel]!.size === 0)) return;
    this.#aligned(checkpoint);
    this.#lastAligned = checkpoint;
    this.#pending = undefined;
    this.#held.fill(false);
  }

  #requireFree(channel: number): void {
    assert(!this.#held[channel], `channel ${channel} is held at barrier ${this.#pending}`);
  }
}

interface InputState {
  /** The channels that carry the input. */
  readonly channels: readonly number[];
  /** How many of them have not ended. */
  open: number;
  readonly watermark: Least;
  readonly frontiers: Map<string, { readonly least: Least; since: number }>;
}

function makeInputState(carried: readonly (readonly number[])[], input: number): InputState {
  const channels = [...carried.keys()].filter((channel) => carried[channel]!.includes(input));
  assert(channels.length > 0, `input ${input} is carried by a channel`);
  return { channels, open: channels.length, watermark: new Least(channels), frontiers: new Map() };
}

/** The least of the times that channels announced. */
class Least {
  readonly #channels: readonly number[];
  readonly #times: number[];
  #handedOn = BEFORE_ALL_TIME;

  constructor(channels: readonly number[]) {
    this.#channels = channels;
    this.#times = channels.map(() => BEFORE_ALL_TIME);
  }

  /** Notes a channel's time; gives the least of all if it has risen, and is a time. */
  announce(channel: number, time: number): number | undefined {
    this.#times[this.#channels.indexOf(channel)] = time;
    const least = Math.min(...this.#times);
    if (least <= this.#handedOn || least === Number.POSITIVE_INFINITY) return undefined;
    this.#handedOn = least;
    return least;
  }
}
