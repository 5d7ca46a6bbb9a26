import type { Environment } from "../../../../dataflow/environment.ts";
import { type Id, text } from "../../../../dataflow/model.ts";
import { connect } from "../../../../dataflow/process/connect.ts";
import type { ProcessTimes } from "../../../../dataflow/process/process-spec.ts";
import { value } from "../../../../dataflow/process/state-spec.ts";
import type { Row } from "../../../../dataflow/row-view.ts";
import type { ProcessSpec, TimeDomain } from "../operators.ts";
import { type CaseFields, MODELS } from "./models.ts";
import { type Shown, tell } from "./tell.ts";

/** A function with state and timers over one or two inputs. */
export function processJob(env: Environment, spec: ProcessSpec): void {
  FUNCTIONS[spec.function](env, spec.domain);
}

const emits = { key: text(), text: text() };
const shown = ({ key, text }: Row<typeof emits>): Shown => ({ key, values: { text } });

const FUNCTIONS: Readonly<Record<ProcessSpec["function"], (env: Environment, domain: TimeDomain) => void>> = {
  "tell-time"(env, domain) {
    const results = rowsOf(env).process("function", {
      state: {},
      emits,
      onElement: ({ key, value }, context) =>
        context.emit({ key, text: `${value}TIME:${clockOf(domain, context)} TS:${context.time}` }),
    });
    tell(results, shown);
  },

  "timer-in-5"(env, domain) {
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

  "remember-and-tell-in-5"(env, domain) {
    const state = { remembered: value({ value: text() }) };
    const results = rowsOf(env).process("function", {
      state,
      emits,
      onElement({ key, value }, context) {
        context.emit({ key, text: `INPUT:${value}` });
        context.state.remembered.set({ value });
        setTimerIn5(domain, context);
      },
      onTimer: ({ key, state, emit }) => emit({ key: textOf(key), text: `STATE:${state.remembered.get()?.value}` }),
      onProcessingTimer: ({ key, state, emit }) =>
        emit({ key: textOf(key), text: `STATE:${state.remembered.get()?.value}` }),
    });
    tell(results, shown);
  },

  "both-timers"(env) {
    const results = rowsOf(env).process("function", {
      state: {},
      emits,
      onElement(_, { setTimer, setProcessingTimer }) {
        setProcessingTimer(5);
        setTimer(6);
      },
      onTimer: ({ key, emit }) => emit({ key: textOf(key), text: "EVENT:1777" }),
      onProcessingTimer: ({ key, emit }) => emit({ key: textOf(key), text: "PROC:1777" }),
    });
    tell(results, shown);
  },

  "repeat-key"(env) {
    const repeat = ({ value }: Row<CaseFields>, { key, emit }: TimerContext) =>
      emit({ key: textOf(key), text: `${value},${textOf(key)}` });
    const results = connect("function", { inputs: bothOf(env), state: {}, emits, on: { left: repeat, right: repeat } });
    tell(results, shown);
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

interface TimerContext {
  readonly key: Id;
  readonly emit: (row: Row<typeof emits>) => void;
}

interface Timers extends ProcessTimes {
  readonly setTimer: (time: number) => void;
  readonly setProcessingTimer: (time: number) => void;
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

/** The text of a key of one text field, which begins with a quote. */
const textOf = (key: Id): string => key.slice(1);
