import type { Duration } from "../../base/time.ts";
import type { AggregatedFields, Aggregates, WindowAggregateBuilder } from "../aggregates/aggregate.ts";
import { windowAggregatesOf } from "../aggregates/builder.ts";
import type { OperatorNode } from "../graph.ts";
import type { Fields } from "../model.ts";
import type { KeyedStream, WithLate } from "../streams.ts";
import type { WindowAssigner } from "./assigners.ts";
import { onEventTime, onProcessingTime, type Trigger } from "./triggers.ts";
import { type WindowProcessSpec, windowAggregateNode, windowProcessNode } from "./window-node.ts";

/** Makes the stream of a window operator's results. */
type ResultsOf<F extends Fields> = <G extends Fields>(node: OperatorNode) => WithLate<F, G>;

/** A stream by key in windows. Each method gives another one, or the results. */
export class WindowedStream<F extends Fields, K extends readonly string[]> {
  readonly #input: KeyedStream<F, K>;
  readonly #resultsOf: ResultsOf<F>;
  readonly #assigner: WindowAssigner;
  readonly #trigger: Trigger | undefined;
  readonly #latenessMs: number;

  constructor(
    input: KeyedStream<F, K>,
    resultsOf: ResultsOf<F>,
    assigner: WindowAssigner,
    trigger?: Trigger,
    latenessMs = 0,
  ) {
    this.#input = input;
    this.#resultsOf = resultsOf;
    this.#assigner = assigner;
    this.#trigger = trigger;
    this.#latenessMs = latenessMs;
  }

  /**
   * When windows give results. Default: when their time is over, by event or processing time, and for each late row
   * that is allowed.
   */
  trigger(trigger: Trigger): WindowedStream<F, K> {
    return new WindowedStream(this.#input, this.#resultsOf, this.#assigner, trigger, this.#latenessMs);
  }

  /** For how long of event time windows are kept behind their end for late rows. Default: not at all. */
  allowedLateness(lateness: Duration): WindowedStream<F, K> {
    return new WindowedStream(this.#input, this.#resultsOf, this.#assigner, this.#trigger, lateness);
  }

  /**
   * One row for each result of a window, computed as rows come: `(rows) => ({ user: rows.key("user"), n: rows.count(),
   * from: rows.windowStart() })`. Its time is the window's end − 1 ms.
   *
   * State: an accumulator for each key and window, and of overlapping windows with the default trigger one for each slice
   * that their ends cut time into; until the watermark is at end − 1 ms + the allowed lateness. A row whose windows are
   * all over by then is late, as is one without event time: it comes out of `late()`. When all input has ended, windows
   * by event time give their results; those by processing time do not.
   *
   * Counterpart in Flink: `window(…).aggregate(…)`; window aggregation in SQL. JOB_WINDOW_INVALID, JOB_AGGREGATE_INVALID.
   */
  aggregate<const S extends Aggregates>(
    uid: string,
    define: (rows: WindowAggregateBuilder<F, K>) => S,
  ): WithLate<F, AggregatedFields<S>> {
    const { node, key } = this.#input;
    const spec = windowAggregatesOf<F, K, S>(uid, node.fields as F, key, define);
    return this.#resultsOf(windowAggregateNode(uid, this.#windowed(), spec));
  }

  /**
   * What a function makes of all rows of a window at each of its results. Times, and what is late, as with `aggregate`.
   *
   * State: all rows of open windows, of all fields: `select` those that are needed before. `aggregate` keeps less.
   *
   * Counterpart in Flink: `window(…).process(ProcessWindowFunction)`. JOB_WINDOW_INVALID, JOB_FUNCTION_FAILED.
   */
  process<const G extends Fields>(uid: string, spec: WindowProcessSpec<F, G>): WithLate<F, G> {
    return this.#resultsOf(windowProcessNode(uid, this.#windowed(), spec));
  }

  #windowed() {
    const { environment, node, key } = this.#input;
    const assigner = this.#assigner;
    const trigger = this.#trigger ?? (assigner?.domain === "processing" ? onProcessingTime() : onEventTime());
    return { environment, node, key, assigner, trigger, latenessMs: this.#latenessMs };
  }
}
