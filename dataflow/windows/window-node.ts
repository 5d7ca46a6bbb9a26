import { raise } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import type { Aggregates } from "../aggregates/aggregate.ts";
import { aggregatedFields } from "../aggregates/builder.ts";
import { compileAggregates } from "../aggregates/compile.ts";
import { ADD } from "../change-layout.ts";
import { declared } from "../declared.ts";
import type { Environment } from "../environment.ts";
import type { Node, OperatorNode } from "../graph.ts";
import type { KeySpec } from "../keys.ts";
import type { Fields, Id } from "../model.ts";
import type { Operator } from "../operator.ts";
import { FIRST_ROW_FIELD, type RowOutput } from "../row-layout.ts";
import { keyPlace } from "../row-place.ts";
import type { Row } from "../row-view.ts";
import { callUser, writeFields } from "../row-writer.ts";
import { alignedWindows } from "./aligned-windows.ts";
import { kindOf, lengthOf, type WindowAssigner } from "./assigners.ts";
import { aggregateContents, type Contents, rowContents, type WindowFunction } from "./contents.ts";
import { SlicedWindows } from "./sliced-windows.ts";
import { TriggeredWindows } from "./triggered-windows.ts";
import type { Trigger } from "./triggers.ts";

/** Rows by key in windows, as the builder has them. */
export interface WindowedInput {
  readonly environment: Environment;
  readonly node: Node;
  readonly key: KeySpec;
  readonly assigner: WindowAssigner;
  readonly trigger: Trigger;
  readonly latenessMs: number;
}

/** A window, as a function of its rows sees it. */
export interface WindowContext<G extends Fields> {
  readonly key: Id;
  /** In epoch ms, the end not included; −∞ and +∞ for the global window. */
  readonly window: { readonly start: number; readonly end: number };
  emit(row: Row<G>): void;
}

/** A function of all rows of a window. */
export interface WindowProcessSpec<F extends Fields, G extends Fields> {
  readonly emits: G;
  /** Gets the rows that are kept, in the order in which they came; they must not be changed. */
  readonly onWindow: (rows: readonly Row<F>[], context: WindowContext<G>) => void;
}

/** The node of windows whose rows are aggregated as they come. JOB_WINDOW_INVALID. */
export function windowAggregateNode(uid: string, input: WindowedInput, spec: Aggregates): OperatorNode {
  checkInput(uid, input);
  const { node, key, assigner, trigger } = input;
  const compile = () => compileAggregates(uid, node.fields, key, spec);
  const { mergeable } = compile();
  if (assigner.type === "session" && !mergeable)
    refuse("session", `in ${uid} it may grow together with others: give the fold a \`merge\``);
  const isSliced = slices(assigner, trigger) && (mergeable || isPartition(assigner));
  return windowNode(uid, input, aggregatedFields(spec), isSliced, () => aggregateContents(compile()));
}

/** The node of windows whose rows are kept for a function of all of them. */
export function windowProcessNode<F extends Fields, G extends Fields>(
  uid: string,
  input: WindowedInput,
  spec: WindowProcessSpec<F, G>,
): OperatorNode {
  declared.spec(uid, spec);
  const { emits, onWindow } = spec;
  declared.fields(uid, emits);
  declared.callable(uid, "onWindow", onWindow);
  checkInput(uid, input);
  const call = windowFunction(uid, emits, onWindow as unknown as WindowProcessSpec<Fields, G>["onWindow"]);
  const isSliced = slices(input.assigner, input.trigger);
  return windowNode(uid, input, emits, isSliced, () => rowContents(input.node.fields, call));
}

/** Whether all windows' time can be cut into slices: by event time, where a result comes of the end alone. */
function slices({ domain }: WindowAssigner, trigger: Trigger): boolean {
  return domain === "event" && trigger.type === "eventTime";
}

/** Every row is in one window. */
function isPartition({ type }: WindowAssigner): boolean {
  return type === "tumbling" || type === "calendarDays";
}

function windowNode<A>(
  uid: string,
  input: WindowedInput,
  emits: Fields,
  isSliced: boolean,
  contentsOf: () => Contents<A>,
): OperatorNode {
  const { environment, node, key, assigner, trigger, latenessMs } = input;
  const { fields } = node;
  const common = { fields, emits, keyColumn: key.column, latenessMs };
  const create = (): Operator => {
    const contents = contentsOf();
    if (!isSliced || assigner.type === "session" || assigner.type === "global")
      return new TriggeredWindows({ ...common, uid, assigner, trigger, contents, kind: `each_${kindOf(assigner)}` });
    return new SlicedWindows({ ...common, windows: alignedWindows(assigner), kind: kindOf(assigner), contents });
  };
  const waitsMs = lengthOf(assigner) + latenessMs;
  return environment.add({ type: "operator", uid, inputs: [node], fields: emits, keys: [key.column], create, waitsMs });
}

/** Jobs run without the compiler, so what it would have said is said here. */
function checkInput(uid: string, { node, assigner, trigger, latenessMs }: WindowedInput): void {
  if (assigner?.domain === undefined || !WINDOWS.has(assigner.type))
    refuse(`window of ${uid}`, "give one, as in tumbling(minutes(5))");
  if (trigger.type === undefined) refuse(`trigger of ${uid}`, "give one, as in onCount(100)");
  if (!(Number.isSafeInteger(latenessMs) && latenessMs >= 0))
    refuse(`allowed lateness of ${uid}`, `it is ${latenessMs}, and should be whole milliseconds, 0 at least`);
  if (assigner.type === "session" && typeof assigner.gap === "string") {
    const kind = node.fields[assigner.gap]?.kind;
    if (kind !== "integer" && kind !== "number")
      refuse(`session of ${uid}`, `its gap is ${assigner.gap}, which is no field of integers or numbers`);
  }
  if (assigner.domain === "event") return;
  const own = trigger.type === "purging" ? trigger.trigger : trigger;
  if (own.type !== "processingTime" && own.type !== "count")
    refuse(`trigger of ${uid}`, "its windows go by processing time; use onProcessingTime or onCount");
  if (latenessMs > 0) refuse(`allowed lateness of ${uid}`, "its windows go by processing time, and no row is late");
}

const WINDOWS = new Set<WindowAssigner["type"]>([
  "tumbling",
  "sliding",
  "cumulative",
  "calendarDays",
  "session",
  "global",
]);

function windowFunction<G extends Fields>(
  uid: string,
  emits: G,
  onWindow: WindowProcessSpec<Fields, G>["onWindow"],
): WindowFunction {
  return (rows, output: RowOutput, time, key: Key, start, end) => {
    const emit = (row: Row<G>) =>
      writeFields(output.batch, FIRST_ROW_FIELD, output.add(ADD, time), emits, row as Record<string, unknown>);
    callUser(
      uid,
      () => onWindow(rows, { key: key as Id, window: { start, end }, emit }),
      () => keyPlace("window", key, start),
    );
  };
}

function refuse(window: string, reason: string): never {
  return raise("JOB_WINDOW_INVALID", { window, reason });
}
