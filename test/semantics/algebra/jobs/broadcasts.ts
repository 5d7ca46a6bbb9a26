import type { Environment } from "../../../../dataflow/environment.ts";
import { text } from "../../../../dataflow/model.ts";
import { connect } from "../../../../dataflow/process/connect.ts";
import type { ProcessTimes } from "../../../../dataflow/process/process-spec.ts";
import { map } from "../../../../dataflow/process/state-spec.ts";
import type { Row } from "../../../../dataflow/row-view.ts";
import type { BroadcastSpec } from "../operators.ts";
import { type CaseFields, MODELS } from "./models.ts";
import { type Shown, tell } from "./tell.ts";

/** A keyed stream beside rules of which every subtask sees all. */
export function broadcastJob(env: Environment, spec: BroadcastSpec): void {
  FUNCTIONS[spec.function](env);
}

const emits = { key: text(), text: text() };
const shown = ({ key, text }: Row<typeof emits>): Shown => ({ key, values: { text } });

const FUNCTIONS: Readonly<Record<BroadcastSpec["function"], (env: Environment) => void>> = {
  "echo-key"(env) {
    const results = connect("function", {
      ...inputsOf(env),
      state: {},
      emits,
      on: {
        rows({ key: own, value }, { key, emit }) {
          if (key.slice(1) !== own) throw new Error(`the key is ${key} for a row of ${own}`);
          emit({ key: own, text: value });
        },
        rules: () => undefined,
      },
    });
    tell(results, shown);
  },

  "timer-at-41"(env) {
    const results = connect("function", {
      ...inputsOf(env),
      state: {},
      emits,
      on: {
        rows(row, context) {
          context.emit({ key: row.key, text: seen("NON-BR", row, context) });
          context.setTimer(41);
        },
        rules: (row, context) => context.emit({ key: row.key, text: seen("BR", row, context) }),
      },
      onTimer: ({ key, time, emit }) => emit({ key: key.slice(1), text: `TIMER:${time}` }),
    });
    tell(results, shown);
  },

  "side-outputs"(env) {
    const results = connect("function", {
      ...inputsOf(env),
      state: {},
      emits,
      sides: { rowsSeen: emits, rulesSeen: emits },
      on: {
        rows: (row, context) => context.emitTo("rowsSeen", { key: row.key, text: seen("NON-BR", row, context) }),
        rules: (row, context) => context.emitTo("rulesSeen", { key: row.key, text: seen("BR", row, context) }),
      },
    });
    tell(results, shown);
    tell(results.side("rowsSeen"), shown, "rows-seen");
    tell(results.side("rulesSeen"), shown, "rules-seen");
  },

  "list-rules-at-41"(env) {
    const results = connect("function", {
      ...inputsOf(env),
      state: {},
      broadcastState: { rules: map({ value: text() }) },
      emits,
      on: {
        rows: (_, { setTimer }) => setTimer(41),
        rules: ({ value }, { broadcastState }) => broadcastState.rules.set(`${value}.key`, { value }),
      },
      onTimer({ key, time, broadcastState, emit }) {
        const rules = broadcastState.rules.entries().map(([name, { value }]) => `${name}=${value}`);
        emit({ key: key.slice(1), text: `TS:${time} ${rules.sort().join(",")}` });
      },
    });
    tell(results, shown);
  },

  "list-rules"(env) {
    const results = connect("function", {
      ...inputsOf(env),
      state: {},
      broadcastState: { rules: map({ value: text() }) },
      emits,
      on: {
        rows({ key }, { broadcastState, emit }) {
          for (const [name, { value }] of broadcastState.rules.entries()) emit({ key, text: `${name}=${value}` });
        },
        rules({ value }, { broadcastState }) {
          for (const name of ["test1", "test2", "test3"]) broadcastState.rules.set(name, { value });
        },
      },
    });
    tell(results, shown);
  },
};

const inputsOf = (env: Environment) => ({
  inputs: { rows: env.changes(MODELS.in).asEvents().keyBy("key") },
  broadcast: { rules: env.changes(MODELS.rules).asEvents() },
});

const seen = (side: "BR" | "NON-BR", { value }: Row<CaseFields>, { watermark, time }: ProcessTimes): string =>
  `${side}:${value} WM:${watermark} TS:${time}`;
