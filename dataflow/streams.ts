import { raise } from "../base/errors.ts";
import type { KeyPart } from "../base/key.ts";
import type { Duration } from "../base/time.ts";
import type { Environment } from "./environment.ts";
import type { Condition, ConditionValue, Node } from "./graph.ts";
import type { Field, FieldKind, Fields, FieldsOf, Id, MoneyValue, ValueOf } from "./model.ts";
import { ProcessOperator, type ProcessSpec } from "./process.ts";
import type { Row } from "./row-view.ts";
import { checkStates, type StateSpecs } from "./state-spec.ts";

/** Values to compare a field with: one, or a list of which any will do. Money, instants and numbers are not compared so. */
export type Where<F extends Fields> = {
  readonly [K in keyof F]?: ValueOf<F[K]> extends string | bigint | boolean
    ? Comparable<ValueOf<F[K]>> | readonly Comparable<ValueOf<F[K]>>[]
    : never;
};
type Comparable<T> = T extends Id ? KeyPart : T extends bigint ? bigint | number : T;

/** What a row function may return for fields `F`: a value or null for each. */
export type RowOf<F extends Fields> = Row<F>;

/**
 * A changelog: adds and retracts of rows, so that whatever is computed from it can be corrected. It feeds checks; for
 * windows and event joins take its `asEvents`.
 */
export class Changelog<F extends Fields> {
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

  /** The total of a money field, one per currency, as a leg of a check. */
  sum(field: FieldsOf<F, MoneyValue>): Leg<FieldsOf<F, Id>> {
    return new Leg(this as unknown as Changelog<Fields>, field, 1, undefined);
  }

  /** Every add as an event of its own; retracts are dropped. */
  asEvents(): Stream<F> {
    const { environment, node } = this;
    const uid = environment.uidAfter(node, "events");
    return new Stream(environment, environment.add({ type: "events", uid, inputs: [node], fields: node.fields }));
  }
}

/** Signed money of the rows of a changelog: one side's part in a check's equation. `K` names the fields it can be keyed by. */
export class Leg<in K extends string = string> {
  /** Only for the type checker: a leg fits wherever one of its keys is asked for. */
  declare readonly keyedBy: (key: K) => void;
  readonly changes: Changelog<Fields>;
  readonly field: string;
  readonly sign: 1 | -1;
  readonly deadlineMs: number | undefined;

  constructor(changes: Changelog<Fields>, field: string, sign: 1 | -1, deadlineMs: number | undefined) {
    this.changes = changes;
    this.field = field;
    this.sign = sign;
    this.deadlineMs = deadlineMs;
  }

  /** The leg with a deadline of its own, from each row's business time. */
  within(deadline: Duration): Leg<K> {
    return new Leg(this.changes, this.field, this.sign, deadline);
  }
}

/** A leg that counts against its side: refunds, reversals. */
export function minus<K extends string>(leg: Leg<K>): Leg<K> {
  return new Leg(leg.changes, leg.field, leg.sign === 1 ? -1 : 1, leg.deadlineMs);
}

/** A stream of events. Order is kept per split; across splits there is none. */
export class Stream<F extends Fields> {
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

  /** One event for each event. The row view must not outlive the call. Counterpart in Flink: `map`. */
  map<const G extends Fields>(fields: G, map: (row: Row<F>) => RowOf<G>): Stream<G> {
    const { environment, node } = this;
    const uid = environment.uidAfter(node, "map");
    const untyped = map as unknown as (row: Row<Fields>) => Record<string, unknown>;
    return new Stream(environment, environment.add({ type: "map", uid, inputs: [node], fields, map: untyped }));
  }

  /** This stream and another of the same fields as one. Counterpart in Flink: `union`. */
  union(other: Stream<F>): Stream<F> {
    return new Stream(this.environment, unionNode(this, other));
  }

  /** The stream by a key field; events without the key are left out. Counterpart in Flink: `keyBy`. */
  keyBy(field: FieldsOf<F, Id>): KeyedStream<F> {
    return new KeyedStream(this, field);
  }

  /** Hands every event to the sink of a name; configuration says what it is. */
  to(sink: string): void {
    const { environment, node } = this;
    const uid = `sink/${sink}/${node.uid}`;
    environment.add({ type: "sink", uid, inputs: [node], fields: node.fields, sink });
  }
}

/** A stream by key, for operators that keep state. */
export class KeyedStream<F extends Fields> {
  readonly #stream: Stream<F>;
  readonly #key: string;

  constructor(stream: Stream<F>, key: string) {
    this.#stream = stream;
    this.#key = key;
  }

  /**
   * A function of each event with keyed state and timers. State is kept until the function clears it or its ttl ends it;
   * late events are handed in like others. Counterpart in Flink: `KeyedProcessFunction`.
   */
  process<const S extends StateSpecs, const G extends Fields>(uid: string, spec: ProcessSpec<F, S, G>): Stream<G> {
    const { environment, node } = this.#stream;
    const key = this.#key;
    checkStates(uid, spec.state);
    const create = () => new ProcessOperator(uid, node.fields as F, key, spec);
    const added = environment.add({
      type: "operator",
      uid,
      inputs: [node],
      fields: spec.emits,
      keys: [key],
      create,
    });
    return new Stream(environment, added);
  }
}

function filterNode(input: { environment: Environment; node: Node }, condition: Condition): Node {
  const { environment, node } = input;
  for (const [name, wanted] of Object.entries(condition)) checkCondition(node, name, wanted);
  const uid = environment.uidAfter(node, `where(${describe(condition)})`);
  return environment.add({ type: "filter", uid, inputs: [node], fields: node.fields, condition });
}

/** Jobs run without the compiler, so what it would have said is said here. */
function checkCondition(node: Node, name: string, wanted: ConditionValue | readonly ConditionValue[]): void {
  const field: Field | undefined = node.fields[name];
  const known = Object.keys(node.fields).join(", ");
  if (field === undefined) raise("JOB_FIELD_UNKNOWN", { field: name, place: node.uid, known });
  if (wanted === undefined || UNCOMPARED.has(field.kind)) {
    raise("JOB_NOT_COMPARABLE", {
      field: name,
      place: node.uid,
      kind: wanted === undefined ? "undefined" : field.kind,
    });
  }
}

const UNCOMPARED: ReadonlySet<FieldKind> = new Set(["money", "instant", "number"]);

function describe(condition: Condition): string {
  return Object.entries(condition)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join("|") : value}`)
    .join(",");
}

function unionNode(left: { environment: Environment; node: Node }, right: { node: Node }): Node {
  const { environment, node } = left;
  const uid = environment.uidAfter(node, "union");
  return environment.add({ type: "union", uid, inputs: [node, right.node], fields: node.fields });
}
