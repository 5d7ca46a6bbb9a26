/** The operators that have cases, as data: what a runner builds a graph of. Durations and bounds are ms. */
export type OperatorSpec =
  | WindowSpec
  | IntervalJoinSpec
  | WindowJoinSpec
  | CoGroupSpec
  | ChangelogJoinSpec
  | TemporalJoinSpec
  | DeduplicateSpec
  | TopNSpec
  | AggregateSpec
  | ProcessSpec
  | BroadcastSpec
  | AsyncLookupSpec
  | UnionSpec;

/** Which unmatched rows a join gives, padded with nulls. */
export type JoinType = "inner" | "left" | "right" | "full";

/** Whether an operator goes by watermarks and the rows' times, or by the clock alone. */
export type TimeDomain = "event" | "processing";

/**
 * A window over a keyed stream. Results: `start` and `end` of the window (null for the global window), and by `result`
 * `sum` (of `number`), `count`, or `rows` (the `value`s of all rows, joined by commas in the order in which they came: a
 * function over the full window). A result's time is the window's end − 1 ms, `forever` for the global window.
 */
export interface WindowSpec {
  readonly kind: "window";
  readonly assigner: WindowAssigner;
  /** Default: at the window's end − 1 ms, and again at each late row that is allowed. */
  readonly trigger?: Trigger;
  /** Default 0. */
  readonly allowedLateness?: number;
  /** Rows that are late for all their windows come out of the side output `late`, else they are dropped. */
  readonly lateOutput?: true;
  readonly result: "sum" | "count" | "rows";
  /** Default: event time. */
  readonly domain?: TimeDomain;
}

/** How rows are put into windows `[start, end)`. */
export type WindowAssigner =
  | { readonly type: "tumbling"; readonly size: number; readonly offset?: number }
  /** Calendar days of a time zone, which need not have 24 hours. */
  | { readonly type: "days"; readonly zone: string }
  | { readonly type: "sliding"; readonly size: number; readonly slide: number; readonly offset?: number }
  /** Rows whose `[time, time + gap)` overlap or touch are one session. */
  | { readonly type: "session"; readonly gap: number }
  /** A session whose gap is told by each row: the gap of the row's `value`, or `otherwise`. */
  | { readonly type: "dynamic-session"; readonly gaps: Readonly<Record<string, number>>; readonly otherwise: number }
  | { readonly type: "global" };

/** When a window gives a result. `purging`: its rows are forgotten with it, though the window lives on. */
export type Trigger =
  | { readonly type: "event-time"; readonly purging?: true }
  | { readonly type: "processing-time" }
  /** Every `count` rows; at no other time. */
  | { readonly type: "count"; readonly count: number; readonly purging?: true }
  /** At multiples of the interval and at the window's end. */
  | { readonly type: "continuous-event-time"; readonly interval: number }
  /** Early results every `count` rows before the window's end, then those of event time. */
  | { readonly type: "early-count"; readonly count: number }
  /** When all input has ended. */
  | { readonly type: "end-of-input" };

/**
 * Pairs of rows with one key where `left.time + from <= right.time <= left.time + to`. Results: `left` and `right`, the
 * `value`s of both rows, null where there is none. A pair's time is the later of both, a padded row's its own. Several
 * matches of one row come by their times, equal times as they came. An unmatched row is given when the watermark closes its
 * interval, that is when nothing that could match it may come any more; several by their times.
 */
export interface IntervalJoinSpec {
  readonly kind: "interval-join";
  readonly type: JoinType;
  readonly from: number;
  readonly to: number;
  /** The bound itself is outside. */
  readonly fromExclusive?: true;
  readonly toExclusive?: true;
  /**
   * Rows behind the watermark: `join` gives them their matches among rows whose interval is open, or pads them at once if
   * their own is closed (Flink SQL); `drop` and `side-output` keep them out (Flink's streams: a row is late when its time
   * is before the watermark).
   */
  readonly late: "join" | "drop" | "side-output";
  /** Default: event time. */
  readonly domain?: TimeDomain;
}

/**
 * Pairs of rows with one key in one window, when the window ends. Results as for interval joins, with the time of the
 * window's end − 1 ms. Late rows are dropped.
 */
export interface WindowJoinSpec {
  readonly kind: "window-join";
  readonly type: JoinType;
  readonly assigner: WindowAssigner;
}

/** All rows of both sides in one window. Results: `left` and `right`, the `value`s of each side joined by commas. */
export interface CoGroupSpec {
  readonly kind: "co-group";
  readonly assigner: WindowAssigner;
}

/**
 * The join of two changelogs by `key`, kept true by adds and retracts. A side may have several rows of a key, told apart by
 * `id`. Results: `left` and `right`, the `value`s.
 */
export interface ChangelogJoinSpec {
  readonly kind: "changelog-join";
  readonly type: JoinType;
  /** Rows match only where the left row's `number` is less than the right row's too. */
  readonly condition?: "left.number < right.number";
  /** A row is forgotten when the watermark reaches its time and this; default: never. */
  readonly leftTtl?: number;
  readonly rightTtl?: number;
}

/**
 * Each row of a stream with the row that the right changelog had for its key at the stream row's time, given when the
 * watermark reaches that time. Results: `left` and `right`, the `value`s. Time: the left row's.
 */
export interface TemporalJoinSpec {
  readonly kind: "temporal-join";
  readonly type: "inner" | "left";
  /** A key is forgotten when the watermark reaches the time of its last row of either side and this; default: never. */
  readonly ttl?: number;
}

/**
 * One row of each key. By event time the row with the least (`first`) or greatest (`last`) time, of equal times the one
 * that came first (`first`) or last (`last`). Results: `value`, `number`.
 */
export interface DeduplicateSpec {
  readonly kind: "deduplicate";
  readonly keep: "first" | "last";
  /**
   * `event-time` gives `first` when the watermark reaches it, never to be taken back, and `last` at once, taken back when a
   * later row comes; `arrival` goes by the order in which rows come.
   */
  readonly by: "event-time" | "arrival";
  /** A key is forgotten when the watermark reaches the time of the row that changed it last and this; default: never. */
  readonly ttl?: number;
}

/**
 * The rows of each key with the least `number`s, ranked from 1; of equal numbers the one that came first is before.
 * Results: `id`, `number`, and with `withRank` `rank`.
 */
export interface TopNSpec {
  readonly kind: "top-n";
  /** Ranks that are given, both included. */
  readonly from: number;
  readonly to: number;
  readonly withRank: boolean;
  /** A key is forgotten when the watermark reaches the time of the row that changed it last and this; default: never. */
  readonly ttl?: number;
}

/** Aggregates over all rows of a key in a changelog. Results: those named, of `number`. */
export interface AggregateSpec {
  readonly kind: "aggregate";
  readonly results: readonly ("count" | "sum" | "min" | "max")[];
}

/**
 * A function with state and timers over one or two inputs, named because it is code; `process-functions` of a runner has
 * each by name. Results: `text`, what it emitted.
 *
 * - `tell-time`: each row gives `<value> TIME:<watermark or clock> TS:<row time>`.
 * - `timer-in-5`: each row gives its value and sets a timer at watermark (or clock) + 5, which gives `1777`.
 * - `remember-and-tell-in-5`: a row of a key without state gives `INPUT:<value>`, keeps the value as the key's state and
 *   sets a timer at watermark (or clock) + 5, which gives `STATE:<state>`; another row clears the state and deletes a timer
 *   at watermark (or clock) + 4.
 * - `both-timers`: each row sets timers at clock 3 and 5, which give `PROC:1777`, and at event time 4 and 6:
 *   `EVENT:1777`; then it deletes those at 3 and 4.
 * - `repeat-key`: a row of any input gives `<value>,<key>`.
 * - `side-output`: a row gives `IN:<value>`, and its value to the side output `rows-seen`.
 * - `timers-of-both-inputs`: rows give `INPUT1:<value>` or `INPUT2:<value>` and set a timer at 5 or 6 of event time, which
 *   gives `<key>:1777`.
 */
export interface ProcessSpec {
  readonly kind: "process";
  readonly inputs: 1 | 2;
  readonly function:
    | "tell-time"
    | "timer-in-5"
    | "remember-and-tell-in-5"
    | "both-timers"
    | "repeat-key"
    | "side-output"
    | "timers-of-both-inputs";
  readonly domain: TimeDomain;
}

/**
 * A keyed stream `in` beside `rules`, of which every subtask sees all. Results: `text`.
 *
 * - `echo-key`: a row gives its value while it checks that its key is the one that the function is told.
 * - `timer-at-41`: a rule gives `BR:<value> WM:<watermark> TS:<time>`, a row `NON-BR:<value> WM:… TS:…` and sets a timer at
 *   41, which gives `TIMER:41`.
 * - `side-outputs`: the same texts, of rules into `rules-seen`, of rows into `rows-seen`; no timer.
 * - `list-rules-at-41`: a rule is kept as `<value>.key` = value; a row sets a timer at 41, which gives
 *   `TS:41 <the rules as name=value, by name, joined by commas>`.
 * - `list-rules`: a rule is kept under three names; a row gives `<name>=<value>` for each.
 */
export interface BroadcastSpec {
  readonly kind: "broadcast";
  readonly function: "echo-key" | "timer-at-41" | "side-outputs" | "list-rules-at-41" | "list-rules";
}

/**
 * Each row is looked up elsewhere; the answer is twice its `number`. Results: `number`, at the row's time. `ordered` gives
 * answers in the order of rows, else as they come but never across a watermark. No more than `capacity` rows wait.
 */
export interface AsyncLookupSpec {
  readonly kind: "async-lookup";
  readonly ordered: boolean;
  readonly capacity: number;
  /** A row without an answer after this much processing time: the job fails, or the answer is three times the number. */
  readonly timeout?: { readonly after: number; readonly gives: "failure" | "triple" };
}

/**
 * Two streams, `left` and `right`, as one, whose rows are then counted in tumbling windows, so that its watermark shows: the
 * lesser of both inputs'. Results: those of the window.
 */
export interface UnionSpec {
  readonly kind: "union";
  readonly size: number;
}
