import type { Answer, EndOfInput, InputName, InputRow, Output, ProcessingTime, Time, Watermark } from "./format.ts";

/** Fields of a row that most cases do not need. */
type More = Partial<Pick<InputRow, "id" | "number">>;

const row = (
  input: InputName,
  kind: InputRow["kind"],
  time: Time,
  key: string | null,
  value: string | null,
  more: More,
): InputRow => ({ type: "row", input, kind, time, key, id: "", value, number: null, ...more });

/** A row of an operator's only input. */
export const add = (time: Time, key: string | null, value: string | null, more: More = {}): InputRow =>
  row("in", "add", time, key, value, more);
/** Takes a row of an operator's only input back. */
export const take = (time: Time, key: string | null, value: string | null, more: More = {}): InputRow =>
  row("in", "retract", time, key, value, more);
/** A row with a number, for windows that sum. */
export const num = (time: Time, key: string, number: number): InputRow => add(time, key, null, { number });
/** A row of a join's left input. */
export const left = (time: Time, key: string | null, value: string, more: More = {}): InputRow =>
  row("left", "add", time, key, value, more);
/** Takes a row of a join's left input back. */
export const takeLeft = (time: Time, key: string | null, value: string, more: More = {}): InputRow =>
  row("left", "retract", time, key, value, more);
/** A row of a join's right input. */
export const right = (time: Time, key: string | null, value: string, more: More = {}): InputRow =>
  row("right", "add", time, key, value, more);
/** Takes a row of a join's right input back. */
export const takeRight = (time: Time, key: string | null, value: string, more: More = {}): InputRow =>
  row("right", "retract", time, key, value, more);
/** A row that every subtask of a broadcast sees. */
export const rule = (time: Time, value: string, more: More = {}): InputRow =>
  row("rules", "add", time, null, value, more);

/** The watermark of all inputs. */
export const mark = (time: Time): Watermark => ({ type: "watermark", time });
/** The watermark of one input. */
export const markOf = (input: InputName, time: Time): Watermark => ({ type: "watermark", input, time });
/** The clock. */
export const clock = (time: number): ProcessingTime => ({ type: "processing-time", time });
/** Answers of a look-up. */
export const answer = (...values: string[]): Answer => ({ type: "answer", values });
/** All input has ended. */
export const end: EndOfInput = { type: "end" };

/** A row that comes out; without a time where the semantics say none. */
export const out = (key: string | null, time: Time | undefined, values: Output["values"]): Output =>
  time === undefined ? { kind: "add", key, values } : { kind: "add", key, time, values };
/** A row that came out and is taken back. When it is, no source says in event time. */
export const outBack = (key: string | null, values: Output["values"]): Output => ({ kind: "retract", key, values });
/** A pair that a join gives, or a padded row. */
export const pair = (key: string | null, time: Time | undefined, of: string | null, with_: string | null): Output =>
  out(key, time, { left: of, right: with_ });
/** A pair or padded row that is taken back. */
export const pairBack = (key: string | null, of: string | null, with_: string | null): Output =>
  outBack(key, { left: of, right: with_ });
/** The sum of a window, at its end − 1 ms. */
export const sum = (key: string, start: number, endOf: number, total: number): Output =>
  out(key, endOf - 1, { start, end: endOf, sum: total });
/** The number of rows of a window, at its end − 1 ms. */
export const count = (key: string, start: number, endOf: number, rows: number): Output =>
  out(key, endOf - 1, { start, end: endOf, count: rows });
/** The rows of a window, at its end − 1 ms. */
export const rowsOf = (key: string, start: number, endOf: number, rows: string): Output =>
  out(key, endOf - 1, { start, end: endOf, rows });
/** The sum of a global window. */
export const total = (key: string, sumOf: number): Output =>
  out(key, "forever", { start: null, end: null, sum: sumOf });
/** A row that came too late, as it was. */
export const late = (
  output: "late" | "late-left" | "late-right",
  time: Time,
  key: string,
  value: string | null,
  number: number | null = null,
): Output => ({ kind: "add", output, key, time, values: { value, number } });
