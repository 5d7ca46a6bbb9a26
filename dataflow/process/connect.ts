import { raise } from "../../base/errors.ts";
import { declared } from "../declared.ts";
import type { Fields } from "../model.ts";
import { type Keyed, ProcessedStream } from "../streams.ts";
import type { BroadcastInputs, ConnectSpec, KeyedInputs } from "./connect-spec.ts";
import { processNode } from "./process-node.ts";
import type { ProcessInput } from "./process-operator.ts";
import type { BroadcastStates, None, Sides } from "./process-spec.ts";
import type { StateSpecs } from "./state-spec.ts";

/**
 * Functions of the rows of several inputs by the same key, which share state and timers: what of one input waits for
 * another's, is remembered or judged by it.
 *
 * - Rows of a key are handed in as they come: in the order of their own input, and in no order between inputs. Late rows
 *   are handed in like others, and so are those of the seed, whose `context.time` is −∞.
 * - The watermark is the least of all inputs', broadcast ones too: an input that stands still holds timers back.
 * - State is kept until a function clears it or its ttl ends it.
 * - What is emitted are events, at the time of the row or of the timer.
 *
 * Rows of `broadcast` inputs go to every subtask, which writes them into its own copy of `broadcastState`. All copies hold
 * the same if rows of the same entry come one after the other from one split: of several splits, subtasks may see them in
 * different orders. A keyed row sees what was there when it came. What a function of broadcast rows emits comes out
 * once, from the first subtask. Broadcast state has no ttl: broadcast rows delete what is over. After a change of parallelism every subtask begins with all of it.
 *
 * Counterparts in Flink: `KeyedCoProcessFunction`, `MultipleInputStreamOperator`, `KeyedBroadcastProcessFunction`; timers
 * behind the last watermark are not called when the inputs end. JOB_INPUT_INVALID where inputs do not go together,
 * JOB_STATE_INVALID, JOB_SIDE_INVALID.
 */
export function connect<
  const In extends KeyedInputs,
  const S extends StateSpecs,
  const G extends Fields,
  const D extends Sides = None,
  const B extends BroadcastInputs = None,
  const BS extends BroadcastStates = None,
>(uid: string, spec: ConnectSpec<In, S, G, D, B, BS>): ProcessedStream<G, D> {
  declared.spec(uid, spec);
  declared.spec(`inputs of ${uid}`, spec.inputs);
  declared.spec(`broadcast of ${uid}`, spec.broadcast ?? {});
  declared.spec(`on of ${uid}`, spec.on);
  const keyed: KeyedInputs = spec.inputs;
  const broadcast: BroadcastInputs = spec.broadcast ?? {};
  const functions = spec.on as Readonly<Record<string, ProcessInput["onRow"]>>;
  checkInputs(uid, keyed, broadcast, functions);
  const inputs = [...Object.entries(keyed), ...Object.entries(broadcast)];
  const { state, emits, onTimer, onProcessingTimer } = spec;
  const plan = {
    uid,
    inputs: inputs.map(([name, { node, key }]) => ({
      fields: node.fields,
      key: key?.column,
      onRow: functions[name]!,
    })),
    state,
    broadcastState: spec.broadcastState ?? {},
    emits,
    sides: spec.sides ?? {},
    onTimer,
    onProcessingTimer,
  };
  const { environment } = inputs[0]![1];
  const nodes = inputs.map(([, { node }]) => node);
  return new ProcessedStream<G, D>(environment, processNode(environment, nodes, plan), spec.sides);
}

/** Jobs run without the compiler, so what it would have said is said here. */
function checkInputs(
  place: string,
  keyed: KeyedInputs,
  broadcast: BroadcastInputs,
  functions: Readonly<Record<string, unknown>>,
): void {
  const invalid = (input: string, reason: string) => raise("JOB_INPUT_INVALID", { input, place, reason });
  const names = [...Object.keys(keyed), ...Object.keys(broadcast)];
  const [first] = Object.values(keyed);
  if (first === undefined) return invalid("nothing", "it needs one input by key at least");
  for (const name of names) {
    if (typeof functions[name] !== "function") invalid(name, "`on` has no function for its rows");
    const input = keyed[name] ?? broadcast[name]!;
    if (name in keyed && name in broadcast) invalid(name, "it is both keyed and broadcast");
    if (input?.environment === undefined) invalid(name, "it is no stream or changelog");
    if (input.environment !== first.environment) invalid(name, "it is of another job");
  }
  for (const name of Object.keys(functions)) {
    if (!names.includes(name)) invalid(name, "`on` has a function for it, and it is no input");
  }
  for (const [name, input] of Object.entries(keyed)) {
    if (input.key === undefined) invalid(name, "it is not by key; `broadcast` is for what goes to all");
    if (keyKinds(input) !== keyKinds(first)) {
      invalid(name, `its key is of ${keyKinds(input)}, and others' of ${keyKinds(first)}`);
    }
  }
  for (const [name, input] of Object.entries(broadcast)) {
    if (input.key !== undefined) invalid(name, "it is by key, and a broadcast input goes to all");
  }
}

function keyKinds({ key }: Keyed<Fields, readonly string[]>): string {
  return key.parts.map(({ kind }) => kind).join(", ");
}
