import type { Environment } from "../../../../dataflow/environment.ts";
import { type Id, text } from "../../../../dataflow/model.ts";
import { connect } from "../../../../dataflow/process/connect.ts";
import type { ProcessSpec as Functions, ProcessTimes } from "../../../../dataflow/process/process-spec.ts";
import { type StateSpecs, value } from "../../../../dataflow/process/state-spec.ts";
import type { Row } from "../../../../dataflow/row-view.ts";
import type { ProcessedStream } from "../../../../dataflow/streams.ts";
import type { ProcessSpec, TimeDomain } from "../operators.ts";
import { type CaseFields, MODELS } from "./models.ts";
import { type Shown, tell } from "./tell.ts";

/** A function with state and timers over one or two inputs. */
export function processJob(env: Environment, spec: ProcessSpec): void {
  FUNCTIONS[spec.function](env, spec);
}

const emits = { key: text(), text: text() };
const shown = ({ key, text }: Row<typeof emits>): Shown => ({ key, values: { text } });

const FUNCTIONS: Readonly<Record<ProcessSpec["function"], (env: Environment, spec: ProcessSpec) => void>> = {
  "tell-time"(env, spec) {
    const results = sameForAll(env, spec, {
      state: {},
      emits,
      onElement: ({ key, value }, context) =>
        context.emit({ key, text: `${value}TIME:${clockOf(spec.domain, context)} TS:${context.time}` }),
    });
    tell(results, shown);
  },

  "timer-in-5"(env, { domain }) {
    const onTimer = ({ key, emit }: TimerContext) => emit({ key: textOf(key), text: "1777" });
    const results = rowsOf(env).process("function", {
      state: {},
      emits,
      onElement({ key, value }, context) {
        context.emit({ key, text: value });
        setTimerIn5(domain, context);
      },
      onTimer,
      onProcessingTimer: onTimer,
    });
    tell(results, shown);
  },

  "remember-and-tell-in-5"(env, spec) {
    const state = { remembered: value({ value: text() }) };
    const tellState = ({ key, emit }: TimerContext, remembered: Row<typeof state.remembered.fields> | undefined) =>
      emit({ key: textOf(key), text: `STATE:${remembered?.value}` });
    const results = sameForAll(env, spec, {
      state,
      emits,
      onElement({ key, value }, context) {
        const { remembered } = context.state;
        if (remembered.get() !== undefined) {
          remembered.clear();
          deleteTimerIn4(spec.domain, context);
          return;
        }
        context.emit({ key, text: `INPUT:${value}` });
        remembered.set({ value });
        setTimerIn5(spec.domain, context);
      },
      onTimer: (context) => tellState(context, context.state.remembered.get()),
      onProcessingTimer: (context) => tellState(context, context.state.remembered.get()),
    });
    tell(results, shown);
  },

  "both-timers"(env) {
    const results = rowsOf(env).process("function", {
      state: {},
      emits,
      onElement(_, { setTimer, setProcessingTimer, deleteTimer, deleteProcessingTimer }) {
        setProcessingTimer(3);
        setTimer(4);
        setProcessingTimer(5);
        setTimer(6);
        deleteProcessingTimer(3);
        deleteTimer(4);
      },
      onTimer: ({ key, emit }) => emit({ key: textOf(key), text: "EVENT:1777" }),
      onProcessingTimer: ({ key, emit }) => emit({ key: textOf(key), text: "PROC:1777" }),
    });
    tell(results, shown);
  },

  "repeat-key"(env, spec) {
    const results = sameForAll(env, spec, {
      state: {},
      emits,
      onElement: ({ value }, { key, emit }) => emit({ key: textOf(key), text: `${value},${textOf(key)}` }),
    });
    tell(results, shown);
  },

  "side-output"(env) {
    const results = rowsOf(env).process("function", {
      state: {},
      emits,
      sides: { seen: emits },
      onElement({ key, value }, { emit, emitTo }) {
        emit({ key, text: `IN:${value}` });
        emitTo("seen", { key, text: value });
      },
    });
    tell(results, shown);
    tell(results.side("seen"), shown, "rows-seen");
  },

  "timers-of-both-inputs"(env) {
    const results = connect("function", {
      inputs: bothOf(env),
      state: {},
      emits,
      on: {
        left({ key, value }, { emit, setTimer }) {
          emit({ key, text: `INPUT1:${value}` });
          setTimer(5);
        },
        right({ key, value }, { emit, setTimer }) {
          emit({ key, text: `INPUT2:${value}` });
          setTimer(6);
        },
      },
      onTimer: ({ key, emit }) => emit({ key: textOf(key), text: `${textOf(key)}:1777` }),
    });
    tell(results, shown);
  },
};

/** The only input's function, or one that both inputs have. */
function sameForAll<const S extends StateSpecs>(
  env: Environment,
  { inputs }: ProcessSpec,
  functions: Functions<CaseFields, S, typeof emits>,
): ProcessedStream<typeof emits> {
  if (inputs === 1) return rowsOf(env).process("function", functions);
  const { onElement, ...others } = functions;
  return connect("function", { ...others, inputs: bothOf(env), on: { left: onElement, right: onElement } });
}

interface TimerContext {
  readonly key: Id;
  readonly emit: (row: Row<typeof emits>) => void;
}

interface Timers extends ProcessTimes {
  readonly setTimer: (time: number) => void;
  readonly setProcessingTimer: (time: number) => void;
  readonly deleteTimer: (time: number) => void;
  readonly deleteProcessingTimer: (time: number) => void;
}

const rowsOf = (env: Environment) => env.changes(MODELS.in).asEvents().keyBy("key");

const bothOf = (env: Environment) => ({
  left: env.changes(MODELS.left).asEvents().keyBy("key"),
  right: env.changes(MODELS.right).asEvents().keyBy("key"),
});

const clockOf = (domain: TimeDomain, { watermark, processingTime }: ProcessTimes): number =>
  domain === "event" ? watermark : processingTime;

function setTimerIn5(domain: TimeDomain, context: Timers): void {
  const time = clockOf(domain, context) + 5;
  if (domain === "event") context.setTimer(time);
  else context.setProcessingTimer(time);
}

/** The timer that was set when it was a ms earlier. */
function deleteTimerIn4(domain: TimeDomain, context: Timers): void {
  const time = clockOf(domain, context) + 4;
  if (domain === "event") context.deleteTimer(time);
  else context.deleteProcessingTimer(time);
}

/** The text of a key of one text field, which begins with a quote. */
const textOf = (key: Id): string => key.slice(1);
