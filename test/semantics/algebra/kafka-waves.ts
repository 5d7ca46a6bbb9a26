import type { InputRow, Output, Step } from "./format.ts";
import { pair } from "./rows.ts";

/**
 * One row of each key, as Kafka Streams' tests of joins push them: the row's value is the prefix and the key. What each
 * gives is written as there, `key left+right @time`, several separated by commas.
 */
export function wave(
  side: (time: number, key: string, value: string) => InputRow,
  keys: string,
  prefix: string | ((key: number) => string),
  time: number | ((key: number) => number),
  gives = "",
): Step[] {
  const outputs = pairs(gives);
  return [...keys].map((key): Step => {
    const value = typeof prefix === "string" ? `${prefix}${key}` : prefix(Number(key));
    const at = typeof time === "number" ? time : time(Number(key));
    return [side(at, key, value), ...outputs.filter((output) => output.key === key)];
  });
}

/** Outputs of a join as Kafka Streams' tests write them: `0 A0+a0 @100, 1 A1+null @1`. */
export function pairs(text: string): Output[] {
  return text
    .split(", ")
    .filter((item) => item !== "")
    .map((item) => {
      const [, key, of, with_, time] = /^(\d) (\S+)\+(\S+) @(\d+)$/.exec(item)!;
      return pair(key!, Number(time), of === "null" ? null : of!, with_ === "null" ? null : with_!);
    });
}
