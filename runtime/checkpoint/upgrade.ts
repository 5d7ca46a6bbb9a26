import { raise } from "../../base/errors.ts";
import { type Graph, modelsOf, type OperatorNode } from "../../dataflow/graph.ts";
import type { Model } from "../../dataflow/model.ts";
import type { KeyedState, StateCodec, Timers } from "../../dataflow/operator.ts";
import type { Alarms, Records } from "../../dataflow/records.ts";
import { stagelessIn } from "../../dataflow/whole-rows.ts";
import { keptModel } from "../../dataflow/writes.ts";
import { keptByLookup } from "../operators/lookup-stage.ts";
import { rowConversion, rowSchema } from "../operators/row-record.ts";
import { nameOfRows, rowTable } from "../operators/row-table.ts";
import { raiseIncompatible } from "../operators/schema-difference.ts";
import { entryConversion } from "../operators/state-upgrade.ts";
import type { KeptState } from "../task.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Makes sure that a job can go on from a checkpoint, which another version of it may have written, without trying it.
 * STATE_INCOMPATIBLE; STATE_DROPPED where the job no longer has a state and `allowDropped` is false.
 */
export function requireUsable(from: Pick<Manifest, "kept" | "rows">, graph: Graph, allowDropped: boolean): void {
  if (!allowDropped) requireNothingDropped(from, keptBy(graph));
  for (const { name, model } of tablesOf(graph)) {
    const before = from.rows.find(({ table }) => table === name)?.schema;
    if (before === undefined) continue;
    rowConversion(before, model, () => raiseIncompatible(nameOfRows(name), before, rowSchema(model)));
  }
  for (const { kept, codecs } of operatorsOf(graph)) {
    const before = from.kept.find(({ uid }) => uid === kept.uid);
    if (before !== undefined) entryConversion(before, kept, codecs);
  }
}

/** What a checkpoint of a job says that the job keeps. */
export function keptBy(graph: Graph): Pick<Manifest, "kept" | "rows"> {
  return {
    kept: operatorsOf(graph).map(({ kept }) => kept),
    rows: tablesOf(graph).map(({ name, model }) => ({ table: name, schema: rowSchema(model) })),
  };
}

/** States of keyed operators and tables of rows, as a checkpoint names them. */
export interface Kept {
  readonly kept: readonly KeptState[];
  readonly rows: readonly { readonly table: string }[];
}

/** STATE_DROPPED where a checkpoint holds what a job no longer has. */
export function requireNothingDropped(before: Kept, now: Kept): void {
  const dropped = missing(before, now);
  if (dropped.length === 0) return;
  const added = missing(now, before);
  const hint = added.length === 0 ? "" : ` What the job has instead, the checkpoint lacks: ${added.join(", ")}.`;
  raise("STATE_DROPPED", { states: dropped.join(", "), hint });
}

/** What one has and the other has not, as people call it. */
function missing(one: Kept, other: Kept): string[] {
  const states = one.kept.flatMap((kept) => {
    const others = other.kept.find(({ uid }) => uid === kept.uid);
    const own = namesOf(kept);
    if (others === undefined && own.length === 0) return [`all of ${kept.uid}`];
    return own.filter((name) => others === undefined || !namesOf(others).includes(name));
  });
  const tables = one.rows.filter(({ table }) => !other.rows.some((row) => row.table === table));
  return [...states, ...tables.map(({ table }) => nameOfRows(table))];
}

/** What is kept of keys as records is state to people, too. Names with $ are the engine's own. */
function namesOf({ uid, states, records = [] }: KeptState): string[] {
  const named = [...states, ...records].filter(({ name }) => !name.startsWith("$"));
  return named.map(({ name }) => `state ${name} of ${uid}`);
}

/** Of tables whose rows come without a row stage nothing is kept here. */
function tablesOf(graph: Graph): { readonly name: string; readonly model: Model }[] {
  const stageless = stagelessIn(graph);
  return modelsOf(graph).flatMap((model) => {
    const staged = model.from.filter((_, index) => !stageless(model).has(index));
    return staged.map(({ source, table }) => ({ name: rowTable(source, table, model), model: keptModel(model) }));
  });
}

/** The keyed operators, with what each says when it is opened, and the look-ups. */
function operatorsOf(graph: Graph): Opened[] {
  return graph.nodes.flatMap((node) => {
    if (node.type === "operator") return [opened(node)];
    if (node.type !== "lookup") return [];
    const { kept, codec } = keptByLookup(node);
    return [{ kept, codecs: [codec as StateCodec<unknown>] }];
  });
}

interface Opened {
  readonly kept: KeptState;
  readonly codecs: readonly StateCodec<unknown>[];
}

function opened(node: OperatorNode): Opened {
  const states: { name: string; schema: string }[] = [];
  const timers: string[] = [];
  const records: { name: string; schema: string }[] = [];
  const codecs: StateCodec<unknown>[] = [];
  node.create().open({
    isFirst: true,
    state: <T>(name: string, codec: StateCodec<T>) => {
      states.push({ name, schema: codec.schema });
      codecs.push(codec as StateCodec<unknown>);
      return NO_STATE as KeyedState<T>;
    },
    timers: (name) => {
      timers.push(name);
      return NO_TIMERS;
    },
    records: (name, { schema, areFormer }) => {
      if (areFormer !== true) records.push({ name, schema });
      return NO_RECORDS;
    },
    alarms: () => NO_ALARMS,
    forward: () => undefined,
    forwardTo: () => undefined,
    emit: () => undefined,
  });
  return { kept: { uid: node.uid, states, timers, ...(records.length > 0 && { records }) }, codecs };
}

const NO_STATE: KeyedState<never> = {
  get: () => undefined,
  set: () => undefined,
  delete: () => undefined,
  mayHave: () => false,
  forEach: () => undefined,
  size: 0,
};

const NO_TIMERS: Timers = { register: () => undefined, remove: () => undefined, next: () => undefined };

const NO_RECORDS: Records = {
  bytes: new Uint8Array(0),
  words: new Int32Array(0),
  doubles: new Float64Array(0),
  size: 0,
  touch: () => undefined,
  find: () => -1,
  add: () => -1,
  resize: () => -1,
  changed: () => undefined,
  remove: () => undefined,
  lengthAt: () => 0,
  hashAt: () => 0,
  keyAt: () => "",
  withHash: () => undefined,
  forEach: () => undefined,
};

const NO_ALARMS: Alarms = { set: () => undefined, take: () => undefined };
