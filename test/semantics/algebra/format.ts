import type { OperatorSpec } from "./operators.ts";

/**
 * One published fact about an operator: what goes in, step by step, and what must come out of each step. It is data that
 * knows nothing of how the operator is built, so that whole runs, runs with a checkpoint after every step, and runs that
 * are restored at another parallelism are held to the same golden output.
 */
export interface AlgebraCase<S extends OperatorSpec = OperatorSpec> {
  /** Unique among all cases; reads as a sentence. */
  readonly name: string;
  /** Product, commit that was read, class and method: a fact without its source proves nothing. */
  readonly source: string;
  /** Whose semantics the expected output has: where Flink SQL, Flink's streams and Kafka Streams differ, Flink SQL's. */
  readonly follows: "flink-sql" | "flink" | "kafka-streams";
  /**
   * Where a product gives something else for the same rows: which, what, and why. If it is the source itself, the case is
   * its input with the output of the semantics followed.
   */
  readonly differs?: string;
  readonly operator: S;
  /**
   * `any` where outputs of one step and one key may come in any order, because the source compares them sorted or as a
   * set. Else their order is promised. Between keys no order is promised.
   */
  readonly order?: "any";
  /** What the operator keeps when the last step is done: no state of any key and no timer. Left out where it keeps some. */
  readonly stateAfter?: "empty";
  /** The last step ends the job with an error; what it and those before it gave counts nonetheless. */
  readonly fails?: true;
  readonly steps: readonly Step[];
}

/** A row of the table: one input, and what comes out before the next input goes in. */
export type Step = readonly [input: StepInput, ...outputs: Output[]];

/** What an operator can be given. Inputs are in the order in which it sees them. */
export type StepInput = InputRow | Watermark | ProcessingTime | Answer | EndOfInput;

/** Names of inputs: an operator with one has `in`, a join `left` and `right`, a broadcast its rules by `rules`. */
export type InputName = "in" | "left" | "right" | "rules";

/** What a field of a case's rows can hold. Integers are safe integers, so that cases stay plain JSON. */
export type FieldValue = string | number | null;

/** A point of event or processing time in ms. `forever` is the end of time: Flink's greatest watermark. */
export type Time = number | "forever";

/** A row of an input. Its fields are those of one model that is general enough for all cases. */
export interface InputRow {
  readonly type: "row";
  readonly input: InputName;
  readonly kind: Kind;
  readonly time: Time;
  /** What the operator is keyed by. Null only in cases about null keys. */
  readonly key: string | null;
  /** The row's own key within its key, where a table has several rows to a key; else empty. */
  readonly id: string;
  readonly value: string | null;
  readonly number: number | null;
}

/** A row that holds from now on, or one that held and no longer does. */
export type Kind = "add" | "retract";

/** No row at or before this time comes any more, in one input or, where none is named, in all. */
export interface Watermark {
  readonly type: "watermark";
  readonly input?: InputName;
  readonly time: Time;
}

/** The clock is set to this. It is before every other input of processing time and starts at 0. */
export interface ProcessingTime {
  readonly type: "processing-time";
  readonly time: number;
}

/** The other side of an asynchronous look-up answers for the rows with these values, in this order. */
export interface Answer {
  readonly type: "answer";
  readonly values: readonly string[];
}

/** All inputs have ended. Flink sends its greatest watermark first; so does this. */
export interface EndOfInput {
  readonly type: "end";
}

/** A row that comes out. */
export interface Output {
  readonly kind: Kind;
  readonly key: string | null;
  /** Event time of the row, where the semantics say it. */
  readonly time?: Time;
  /** The side output it comes from, or the main output. */
  readonly output?: SideOutput;
  /** What must be in the row, by the names that the operator's spec gives to its results. */
  readonly values: Readonly<Record<string, FieldValue>>;
}

/** Side outputs: late rows, by input where there are two, and those that functions name. */
export type SideOutput = "late" | "late-left" | "late-right" | "rules-seen" | "rows-seen";
