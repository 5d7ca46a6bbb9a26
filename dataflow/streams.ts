import { raise } from "../base/errors.ts";
import type { Duration } from "../base/time.ts";
import type { AggregateBuilder, AggregatedFields, Aggregates } from "./aggregates/aggregate.ts";
import {
  aggregateNode,
  type DeduplicateSpec,
  deduplicateNode,
  type RankedBy,
  type TopSpec,
  type TtlOptions,
  topNode,
  type WithRank,
} from "./changelogs/nodes.ts";
import { declared, refuse, shown } from "./declared.ts";
import { type DeriveOptions, type DeriveRow, deriveNode } from "./derive.ts";
import type { Environment } from "./environment.ts";
import { filterByNode, filterNode, type Where } from "./filter.ts";
import type { Condition, Node, RowTest } from "./graph.ts";
import { type ChangelogJoinSpec, changelogJoinNode } from "./joins/changelog-join.ts";
import { type IntervalJoinSpec, intervalJoinNode } from "./joins/interval-join.ts";
import { lateNode, lateTag, type Side } from "./joins/late-side.ts";
import { type LookupJoinSpec, lookupJoinNode } from "./joins/lookup-join.ts";
import type { SameKeys } from "./joins/same-keys.ts";
import type { SelectedFields, Selection } from "./joins/selection.ts";
import { type JoinAssigner, type WindowJoinSpec, windowJoinNode } from "./joins/window-join.ts";
import { KEY_COLUMN, type KeyFieldOf, type KeySpec, type KeyTypes, keySpec } from "./keys.ts";
import { LATE } from "./late-side.ts";
import { SumLeg } from "./leg.ts";
import { FAILED, type LookupSpec, lookupOf } from "./lookups/lookup.ts";
import type { Fields, FieldsOf, InstantsOf, MoneyValue } from "./model.ts";
import { processNode, processPlan } from "./process/process-node.ts";
import type { None, ProcessSpec, Sides } from "./process/process-spec.ts";
import { raiseUnknownSide } from "./process/sides.ts";
import type { StateSpecs } from "./process/state-spec.ts";
import type { Row } from "./row-view.ts";
import { sampleNode } from "./sample.ts";
import { type SameFields, type UnitedStream, unionNode } from "./union.ts";
import type { GapFieldOf, WindowAssigner } from "./windows/assigners.ts";
import { WindowedStream } from "./windows/windowed-stream.ts";

/** What a row function may return for fields `F`: a value or null for each. */
export type RowOf<F extends Fields> = Row<F>;

/**
 * A changelog: adds and retracts of rows, so that whatever is computed from it can be corrected. For windows and event
 * joins take its `asEvents`.
 */
export class Changelog<F extends Fields> {
  /** Only for the type checker: what rows hold. */
  declare readonly fieldTypes: F;
  readonly environment: Environment;
  readonly node: Node;

  constructor(environment: Environment, node: Node) {
    this.environment = environment;
    this.node = node;
  }

  /** Rows whose fields have the given values; a row that stops matching is retracted. Counterpart in Flink: `filter`. */
  where(condition: Where<F>): Changelog<F> {
    return new Changelog(this.environment, filterNode(this, condition as Condition));
  }

  /**
   * Rows that a function holds for; it must always say the same of the same row, so that retracts follow their adds. The row
   * view must not outlive the call. Counterpart in Flink: `filter`.
   */
  filter(holds: (row: Row<F>) => boolean): Changelog<F> {
    return new Changelog(this.environment, filterByNode(this, holds as unknown as RowTest));
  }

  /**
   * All rows of a share of the keys, and none of the others: which ones is told by the hash of the key, so that it is the
   * same in every run, and for all changelogs that are sampled by the same key. `by`: a key field; rows without it are left out.
   */
  sample(share: number, by: KeyFieldOf<F>): Changelog<F> {
    return new Changelog(this.environment, sampleNode(this, share, by));
  }

  /** Every add as an event of its own; retracts are dropped. */
  asEvents(): Stream<F> {
    const { environment, node } = this;
    const uid = environment.uidAfter(node, "events");
    return new Stream(environment, environment.add({ type: "events", uid, inputs: [node], fields: node.fields }));
  }

  /** The changelog by one or more key fields; rows without the whole key are left out. Counterpart in Flink: `keyBy`. */
  keyBy<const K extends readonly [KeyFieldOf<F>, ...KeyFieldOf<F>[]]>(...fields: K): KeyedChangelog<F, K> {
    return new KeyedChangelog(...keyed(this, fields));
  }

  /** Hands every change to the sink of a name, which says in `$op` whether it is an `add` or a `retract`. */
  to(sink: string): void {
    addSink(this, sink, true);
  }
}

/** The changelog of a model's tables, which also feeds checks. */
export class ModelChangelog<F extends Fields> extends Changelog<F> {
  /** Rows whose fields have the given values; a row that stops matching is retracted. Counterpart in Flink: `filter`. */
  override where(condition: Where<F>): ModelChangelog<F> {
    return new ModelChangelog(this.environment, filterNode(this, condition as Condition));
  }

  /**
   * Rows that a function holds for; it must always say the same of the same row, so that retracts follow their adds. The row
   * view must not outlive the call. Behind `where` it is called for what that has kept alone. Counterpart in Flink: `filter`.
   */
  override filter(holds: (row: Row<F>) => boolean): ModelChangelog<F> {
    return new ModelChangelog(this.environment, filterByNode(this, holds as unknown as RowTest));
  }

  /**
   * All rows of a share of the keys, and none of the others: which ones is told by the hash of the key, so that it is the
   * same in every run, and for all changelogs that are sampled by the same key. `by`: a key field, without which rows are
   * left out; default: the row's primary key.
   */
  override sample(share: number, by?: KeyFieldOf<F>): ModelChangelog<F> {
    return new ModelChangelog(this.environment, sampleNode(this, share, by));
  }

  /**
   * A model that a function makes of this one, row by row: other fields, the same rows, tables and times. Checks take it like
   * any other. The function is called for what is added and again for what is retracted, so it must always make the same of
   * the same row; the row view must not outlive the call. What it throws stops the run, and says at which row; nothing is
   * lost by it. JOB_DERIVE_FAILED, MODEL_INVALID.
   */
  derive<const G extends Fields>(
    name: string,
    fields: G,
    derive: (row: Row<F>) => RowOf<G>,
    options: DeriveOptions<G> = {},
  ): ModelChangelog<G> {
    return new ModelChangelog(
      this.environment,
      deriveNode(this, name, fields, derive as unknown as DeriveRow, options),
    );
  }

  /** The total of a money field, one per currency, as a leg of a check. */
  sum(field: FieldsOf<F, MoneyValue>): SumLeg<F> {
    return new SumLeg({ changes: this, field, sign: 1, deadline: undefined, conversion: undefined });
  }
}

/** A stream of events. Order is kept per split; across splits there is none. */
export class Stream<F extends Fields> {
  /** Only for the type checker: what rows hold. */
  declare readonly fieldTypes: F;
  readonly environment: Environment;
  readonly node: Node;

  constructor(environment: Environment, node: Node) {
    this.environment = environment;
    this.node = node;
  }

  /** Events whose fields have the given values. Counterpart in Flink: `filter`. */
  where(condition: Where<F>): Stream<F> {
    return new Stream(this.environment, filterNode(this, condition as Condition));
  }

  /** Events that a function holds for; the row view must not outlive the call. Counterpart in Flink: `filter`. */
  filter(holds: (row: Row<F>) => boolean): Stream<F> {
    return new Stream(this.environment, filterByNode(this, holds as unknown as RowTest));
  }

  /**
   * All events of a share of the keys, and none of the others: which ones is told by the hash of the key, so that it is the
   * same in every run. `by`: a key field; events without it are left out.
   */
  sample(share: number, by: KeyFieldOf<F>): Stream<F> {
    return new Stream(this.environment, sampleNode(this, share, by));
  }

  /** Some of the fields of each event, in the order in which they are named; nothing is copied. Counterpart in Flink: `project`. */
  select<const K extends keyof F & string>(...names: readonly K[]): Stream<Pick<F, K>> {
    const { environment, node } = this;
    const uid = environment.uidAfter(node, "select");
    const fields = Object.fromEntries(names.map((name) => [name, fieldOf(node, name)]));
    return new Stream(environment, environment.add({ type: "select", uid, inputs: [node], fields }));
  }

  /** One event for each event. The row view must not outlive the call. Counterpart in Flink: `map`. */
  map<const G extends Fields>(fields: G, map: (row: Row<F>) => RowOf<G>): Stream<G> {
    const { environment, node } = this;
    const uid = environment.uidAfter(node, "map");
    declared.callable(`map of ${node.uid}`, "function", map);
    const untyped = map as unknown as (row: Row<Fields>) => Record<string, unknown>;
    return new Stream(environment, environment.add({ type: "map", uid, inputs: [node], fields, map: untyped }));
  }

  /**
   * The stream with another event time: that of an instant field, cut to whole milliseconds. `lag` says how far an event
   * may lie behind the latest time proven so far, the watermark, which is held back by it. Events without a value have no
   * event time. Counterpart in Flink: `assignTimestampsAndWatermarks` with bounded out-of-orderness.
   */
  timedBy(field: InstantsOf<F>, spec: { readonly lag: Duration }): Stream<F> {
    const { environment, node } = this;
    const place = `timedBy of ${node.uid}`;
    declared.spec(place, spec);
    const { lag } = spec;
    if (!(Number.isFinite(lag) && lag >= 0)) refuse(place, `its lag is ${shown(lag)}, and should be a length of time`);
    if (fieldOf(node, field).kind !== "instant") raise("JOB_NOT_AN_INSTANT", { field, place: node.uid });
    const uid = environment.uidAfter(node, `timedBy(${field})`);
    const added = { type: "timed", uid, inputs: [node], fields: node.fields, field, lagMs: lag } as const;
    return new Stream(environment, environment.add(added));
  }

  /**
   * This stream and others of the same fields as one. Each keeps its order; between them there is none. The watermark is
   * the least of theirs. Counterpart in Flink: `union`. JOB_UNION_INVALID.
   */
  union<O extends readonly UnitedStream[]>(...others: O & SameFields<F, O>): Stream<F> {
    const { environment, node } = this;
    for (const other of others as readonly (Stream<Fields> | undefined)[]) {
      declared.stream(`union of ${node.uid}`, other, other instanceof Stream, "streams, as of asEvents()");
    }
    const nodes = others.map((other) => other.node);
    return new Stream(environment, unionNode(environment, node, nodes));
  }

  /** The stream by one or more key fields; events without the whole key are left out. Counterpart in Flink: `keyBy`. */
  keyBy<const K extends readonly [KeyFieldOf<F>, ...KeyFieldOf<F>[]]>(...fields: K): KeyedStream<F, K> {
    return new KeyedStream(...keyed(this, fields));
  }

  /**
   * Something outside is asked about each event: many at once, while others are on their way. A result has the event time of
   * its event. By default results come in the order of events; unordered ones come as they are there, but none passes a
   * watermark, so that no event becomes late by it, and late ones are no later than they were.
   *
   * Kept are the events that have been taken in and not handed on, which is bounded: while `inFlight` of them are asked about
   * nothing more is read. They are part of checkpoints, which wait for no answer; a run that goes on asks about them again.
   * At another parallelism they may then come behind later events of their split. A failure, after all `retries` or when the
   * `timeout` is over, fails the job, unless `failed()` takes the event. JOB_LOOKUP_INVALID, JOB_LOOKUP_FAILED.
   *
   * Counterpart in Flink: `AsyncDataStream.orderedWaitWithRetry` and `unorderedWaitWithRetry`, with a call for many events.
   */
  lookup<const G extends Fields>(uid: string, spec: LookupSpec<F, G>): LookedUp<F, G> {
    const { environment, node } = this;
    declared.spec(uid, spec);
    const lookup = lookupOf(uid, spec);
    const added = environment.add({ type: "lookup", uid, inputs: [node], fields: spec.emits, lookup });
    return new LookedUp<F, G>(environment, added);
  }

  /** Hands every event to the sink of a name; configuration says what it is. */
  to(sink: string): void {
    addSink(this, sink, false);
  }
}

/** What functions with state emit: their results, with side outputs beside them. */
export class ProcessedStream<G extends Fields, D extends Sides = None> extends Stream<G> {
  readonly #sides: Sides;

  constructor(environment: Environment, node: Node, sides: D | undefined) {
    super(environment, node);
    this.#sides = sides ?? {};
  }

  /** What was emitted to a side output. Counterpart in Flink: `getSideOutput`. JOB_SIDE_INVALID where it is not declared. */
  side<N extends keyof D & string>(name: N): Stream<D[N]> {
    const { environment, node } = this;
    const fields = this.#sides[name] ?? raiseUnknownSide(node.uid, this.#sides, name);
    return new Stream(environment, environment.side(node, name, fields));
  }
}

/** What a look-up of events with fields `F` found. */
export class LookedUp<F extends Fields, G extends Fields> extends Stream<G> {
  /** The events that it failed for, which fail the job otherwise. Counterpart in Flink: `AsyncFunction.timeout`, overridden. */
  failed(): Stream<F> {
    const { environment, node } = this;
    return new Stream(environment, environment.side(node, FAILED, node.inputs[0]!.fields));
  }
}

/** Results of an operator with fields `G`, and beside them the rows, with fields `F`, that came too late for it. */
export class WithLate<F extends Fields, G extends Fields> extends Stream<G> {
  readonly #tag: string;

  /** `tag`: of the operator's side output, whose rows have the fields of its first input. */
  constructor(environment: Environment, node: Node, tag: string) {
    super(environment, node);
    this.#tag = tag;
  }

  /** The rows that came too late, as they came: the operator says which. Counterpart in Flink: `sideOutputLateData`. */
  late(): Stream<F> {
    const { environment, node } = this;
    return new Stream(environment, environment.side(node, this.#tag, node.inputs[0]!.fields));
  }
}

/** Rows by key, for operators that keep state. `K` names the key's fields. */
export class Keyed<F extends Fields, K extends readonly string[]> {
  /** Only for the type checker: what rows hold. */
  declare readonly fieldTypes: F;
  /** Only for the type checker: rows that are keyed alike can be joined. */
  declare readonly keyTypes: KeyTypes<F, K>;
  readonly environment: Environment;
  /** Its batches have the key's column. */
  readonly node: Node;
  readonly key: KeySpec;

  constructor(environment: Environment, node: Node, key: KeySpec) {
    this.environment = environment;
    this.node = node;
    this.key = key;
  }

  /**
   * A function of each row with keyed state and timers: of each event, or of each add and retract of a changelog, which
   * `context.kind` tells. State is kept until the function clears it or its ttl ends it. Late rows are handed in like
   * others, and so are those of the seed, whose `context.time` is −∞. What it emits are events, at the time of the row or
   * of the timer. Counterpart in Flink: `KeyedProcessFunction`; timers behind the last watermark are not called when the
   * input ends.
   */
  process<const S extends StateSpecs, const G extends Fields, const D extends Sides = None>(
    uid: string,
    spec: ProcessSpec<F, S, G, D>,
  ): ProcessedStream<G, D> {
    const { environment, node, key } = this;
    declared.spec(uid, spec);
    return new ProcessedStream(
      environment,
      processNode(environment, [node], processPlan(uid, node, key, spec)),
      spec.sides,
    );
  }

  /**
   * Pairs of rows with one key, kept right as rows are added and retracted: each add of a side gives a pair with every row
   * of the other that fulfils the condition `where`, each retract takes its pairs back. A row that the type of the join asks
   * for is handed on without a match too, with nulls, and taken back with its first match. Events are adds. The time of a
   * result is the later one of both rows. The order of rows of one key is that in which they come.
   *
   * State: the selected and compared fields of each row, until it is retracted or its ttl is over. A row that is forgotten
   * takes nothing back: what was joined with it stays. Late rows are joined like others; with a ttl, one that comes when its
   * own life is over is dropped. A retract of a row that is not there is dropped. A ttl counts from the event time of a row,
   * of the seed's rows from when they were read, of others without a time from the watermark.
   *
   * Rows without the whole key are left out, those of an outer side too; SQL hands the latter on with nulls. They can be had
   * from `filter` before `keyBy`.
   *
   * Counterpart in Flink: the regular join of SQL, whose ttl counts processing time and begins anew with each match of a row
   * of an outer side. JOB_SELECTION_INVALID, JOB_KEYS_DIFFER, JOB_JOIN_INVALID.
   */
  join<G extends Fields, J extends readonly string[], const S extends Selection>(
    uid: string,
    other: (KeyedStream<G, J> | KeyedChangelog<G, J>) & SameKeys<KeyTypes<F, K>, KeyTypes<G, J>>,
    spec: ChangelogJoinSpec<F, G, S>,
  ): Changelog<SelectedFields<S>> {
    declared.stream(uid, other, other instanceof Keyed, "a stream or changelog by key to join with");
    declared.spec(uid, spec);
    const untyped = spec as unknown as ChangelogJoinSpec<Fields, Fields, S>;
    return new Changelog(this.environment, changelogJoinNode(uid, this, other, untyped));
  }
}

/** Rows by key that can be aggregated and ranked: of a changelog, as they are added and retracted. */
abstract class Aggregable<F extends Fields, K extends readonly string[]> extends Keyed<F, K> {
  /** Rows are not only added. */
  protected abstract readonly retracts: boolean;

  /**
   * Aggregates of all rows of each key, as a changelog that is right after each row: the first row of a key adds a result,
   * each other one retracts it and adds the next, at the time of the row. Where the result does not change, nothing is
   * emitted, unless there is a ttl: then it is, so that what is computed of it does not end before.
   *
   * State: what the aggregates keep of a key; of a changelog's greatest, least, first, last and different values all of
   * them, so that they can be taken back. With a ttl it ends once the watermark has reached the time of the key's last
   * row + ttl, and nothing is retracted. Late rows count like others; one that comes when its own ttl is over begins no
   * key. A retract of a key that nothing is kept of is dropped. When all rows of a key are retracted, its result is
   * retracted too, and its state is gone.
   *
   * Counterpart in Flink: the group aggregate of SQL without mini-batch, whose ttl counts processing time.
   * JOB_AGGREGATE_INVALID, JOB_CHANGELOG_INVALID.
   */
  aggregate<const S extends Aggregates>(
    uid: string,
    define: (rows: AggregateBuilder<F, K>) => S,
    options: TtlOptions = {},
  ): Changelog<AggregatedFields<S>> {
    return new Changelog(this.environment, aggregateNode<F, K, S>(uid, this, define, options, this.retracts));
  }

  /**
   * The first `n` rows of each key by the order of a field, as a changelog; of equal ones the one that came first is before.
   * A row that comes in, and the one that goes out for it, are emitted at the time of the row that made it so; with ranks,
   * each row whose rank changes.
   *
   * State: the first rows of each key; of a changelog all that are not retracted, so that others can move up. With a ttl
   * they are forgotten once the watermark has reached the time of the last row that changed them + ttl, and nothing is
   * retracted. Late rows are ranked like others; one that comes when its own ttl is over begins no key. A retract of a row
   * that is not there is dropped.
   *
   * Counterpart in Flink: SQL's top-N by `ROW_NUMBER()`, whose ttl counts processing time. JOB_CHANGELOG_INVALID.
   */
  topN<const B extends RankedBy<F, K>, const W extends boolean = false>(
    uid: string,
    n: number,
    spec: TopSpec<B, W>,
  ): Changelog<WithRank<F, W>> {
    return new Changelog(this.environment, topNode(uid, this, n, spec, this.retracts));
  }
}

/** A stream by key. */
export class KeyedStream<F extends Fields, K extends readonly string[] = readonly string[]> extends Aggregable<F, K> {
  protected override readonly retracts = false;

  /** The stream in windows, to be aggregated or handed to a function. Counterpart in Flink: `window`. */
  window(assigner: WindowAssigner<GapFieldOf<F>>): WindowedStream<F, K> {
    const { environment } = this;
    return new WindowedStream<F, K>(
      this,
      <G extends Fields>(node: Node) => new WithLate<F, G>(environment, node, LATE),
      assigner,
    );
  }

  /**
   * Pairs of rows with one key whose times are close: a right row is a left row's partner from `left time + from` to
   * `left time + to`, both included. A pair comes at once, with the later time of both. A row that the type of the join
   * asks for comes without a partner too, once, with its own time, when the watermark reaches the end of its interval:
   * the watermark behind an outer join is held back by as much, so that such rows are not late.
   *
   * State: the selected fields of each row, until the watermark reaches the end of the row's interval. Late rows are paired
   * with what is kept, at a time that may be late itself; those whose interval is over by then are handed on without a
   * partner at once, or to the side output `late` where the type does not ask for them. With `late: "aside"` all rows at or
   * before the watermark go there. So do rows without an event time.
   *
   * Rows without the whole key are left out, those of an outer side too; SQL hands the latter on with nulls. They can be had
   * from `filter` before `keyBy`.
   *
   * Counterpart in Flink: the interval join of SQL; with `late: "aside"` that of its streams, `intervalJoin`.
   * JOB_SELECTION_INVALID, JOB_KEYS_DIFFER, JOB_JOIN_INVALID.
   */
  intervalJoin<G extends Fields, J extends readonly string[], const S extends Selection>(
    uid: string,
    other: KeyedStream<G, J> & SameKeys<KeyTypes<F, K>, KeyTypes<G, J>>,
    spec: IntervalJoinSpec<F, G, S>,
  ): JoinedStream<F, G, SelectedFields<S>> {
    declared.stream(uid, other, other instanceof KeyedStream, A_STREAM);
    declared.spec(uid, spec);
    const untyped = spec as unknown as IntervalJoinSpec<Fields, Fields, S>;
    return new JoinedStream(this.environment, intervalJoinNode(uid, this, other, untyped));
  }

  /**
   * All pairs of rows with one key in one window, when the watermark reaches the window's last millisecond, which is their
   * time. Where a side has no rows in a window, those of the other come alone, if the type of the join asks for them. Sessions
   * are those of the rows of both sides together.
   *
   * State: the selected fields of each row, once, until the last of its windows is over. Rows whose windows are all over,
   * and those without an event time, are late: they go to the side output `late`, and nowhere else.
   *
   * Rows without the whole key are left out, those of an outer side too; SQL hands the latter on with nulls. They can be had
   * from `filter` before `keyBy`.
   *
   * Counterpart in Flink: the window join of SQL, and `join(…).where(…).equalTo(…).window(…)` of its streams.
   * JOB_SELECTION_INVALID, JOB_KEYS_DIFFER, JOB_JOIN_INVALID.
   */
  windowJoin<G extends Fields, J extends readonly string[], const S extends Selection>(
    uid: string,
    other: KeyedStream<G, J> & SameKeys<KeyTypes<F, K>, KeyTypes<G, J>>,
    assigner: JoinAssigner,
    spec: WindowJoinSpec<F, G, S>,
  ): JoinedStream<F, G, SelectedFields<S>> {
    declared.stream(uid, other, other instanceof KeyedStream, A_STREAM);
    declared.spec(uid, spec);
    const untyped = spec as unknown as WindowJoinSpec<Fields, Fields, S>;
    return new JoinedStream(this.environment, windowJoinNode(uid, this, other, assigner, untyped));
  }

  /**
   * Each event with the row of a table that is valid at its time, from the table's history: a row is valid from the time of
   * its add to that of its retract or of the next add of its key, one of the seed from before all time. Of several adds
   * of one time the last one counts. An event waits until the watermarks of both sides have reached its time, so a
   * table whose watermark stands still holds all events back. Results come by time, with the time of their events.
   *
   * State: the selected fields of events that wait; of each key the row that is valid at the watermark and those that
   * follow it, and with `keep` those that ended less long ago. With a ttl a row ends so long after its last change or event.
   *
   * An event at or before the watermark is late: it is joined with what is still kept when the next watermark comes, and
   * finds no row where its own has been replaced since; or is handed to the side output `late`, as all events are that have
   * no event time. A late change of the table counts for events that come after it; of a row that is gone nothing is kept,
   * so that one from before may bring it back.
   *
   * Events without the whole key are left out, of a `leftOuter` join too; SQL hands them on with nulls. They can be had from
   * `filter` before `keyBy`.
   *
   * Counterpart in Flink: the event-time temporal join of SQL, `FOR SYSTEM_TIME AS OF`. JOB_SELECTION_INVALID,
   * JOB_KEYS_DIFFER, JOB_JOIN_INVALID.
   */
  lookupJoin<G extends Fields, J extends readonly string[], const S extends Selection>(
    uid: string,
    table: KeyedChangelog<G, J> & SameKeys<KeyTypes<F, K>, KeyTypes<G, J>>,
    spec: LookupJoinSpec<F, G, S>,
  ): WithLate<F, SelectedFields<S>> {
    declared.stream(uid, table, table instanceof Keyed, "a changelog by key to look into");
    declared.spec(uid, spec);
    const untyped = spec as unknown as LookupJoinSpec<Fields, Fields, S>;
    return new WithLate(this.environment, lookupJoinNode(uid, this, table, untyped), lateTag("left"));
  }

  /**
   * One row of each key: the first one as a stream, or the last one as a changelog. The first by arrival comes out at once,
   * the first by event time when the watermark reaches its time, or all input has ended; it is never taken back. The last
   * one by event time comes out at once, if no later one was there, and so does the last by arrival; each retracts the one
   * before it, at its own time. By arrival an equal row changes nothing, unless there is a ttl: then it comes out again, so
   * that what is computed of it does not end before.
   *
   * State: for the first by arrival that the key was there, else the row. With a ttl it ends once the watermark has reached
   * the time of the row that was kept last + ttl, and nothing is retracted. Late rows are like others, and one that comes
   * when its own ttl is over begins no key; except for the first by event time, where those at or before the watermark, and
   * those without event time, come out of `late()`.
   *
   * Counterpart in Flink: SQL's deduplication, `ROW_NUMBER() = 1` in the order of a time attribute; its ttl counts
   * processing time. JOB_CHANGELOG_INVALID.
   */
  deduplicate<
    const W extends "first" | "last",
    const B extends "arrival" | "eventTime" = W extends "first" ? "arrival" : "eventTime",
  >(uid: string, spec: DeduplicateSpec<W, B>): Deduplicated<F, W, B> {
    const { environment } = this;
    declared.spec(uid, spec);
    const node = deduplicateNode(uid, this, spec);
    const first = () =>
      spec.by === "eventTime" ? new WithLate<F, F>(environment, node, LATE) : new Stream<F>(environment, node);
    return (spec.keep === "first" ? first() : new Changelog<F>(environment, node)) as Deduplicated<F, W, B>;
  }
}

/** One row of each key: a last one changes, and only of first ones by event time some are late. */
export type Deduplicated<
  F extends Fields,
  W extends "first" | "last",
  B extends "arrival" | "eventTime",
> = W extends "first" ? (B extends "eventTime" ? WithLate<F, F> : Stream<F>) : Changelog<F>;

/** What a join of streams hands on. */
export class JoinedStream<L extends Fields, R extends Fields, F extends Fields> extends Stream<F> {
  /** The rows of a side that came too late for the join, as they came. Counterpart in Flink: `sideOutputLeftLateData`. */
  late<S extends Side>(side: S): Stream<S extends "left" ? L : R> {
    const { environment, node } = this;
    return new Stream(environment, lateNode(environment, node, side));
  }
}

/** A changelog by key. */
export class KeyedChangelog<F extends Fields, K extends readonly string[] = readonly string[]> extends Aggregable<
  F,
  K
> {
  protected override readonly retracts = true;
}

const A_STREAM = "a stream by key to join with, as of asEvents()";

function keyed(
  { environment, node }: { readonly environment: Environment; readonly node: Node },
  names: readonly string[],
): [Environment, Node, KeySpec] {
  const key = keySpec(node.uid, node.fields, names);
  if (key.column !== KEY_COLUMN) return [environment, node, key];
  const uid = environment.uidAfter(node, `key(${names.join(",")})`);
  return [environment, environment.add({ type: "key", uid, inputs: [node], fields: node.fields, key }), key];
}

function addSink({ environment, node }: { environment: Environment; node: Node }, sink: string, isChangelog: boolean) {
  declared.name(`to of ${node.uid}`, "sink", sink);
  const uid = `sink/${sink}/${node.uid}`;
  environment.add({ type: "sink", uid, inputs: [node], fields: node.fields, sink, isChangelog });
}

function fieldOf(node: Node, name: string) {
  const known = () => Object.keys(node.fields).join(", ");
  const field = Object.hasOwn(node.fields, name) ? node.fields[name] : undefined;
  return field ?? raise("JOB_FIELD_UNKNOWN", { field: name, place: node.uid, known: known() });
}
