import { algebraCases } from "./cases.ts";
import type { AlgebraCase } from "./format.ts";

const withoutKey = "rows without the whole key are left out by keyBy, those of the outer side of a join too";

const askedAnew = "a row that is asked about again has all of its time again";

/** Cases that no builder can express, by name, each with the reason. They are run, and must give something else than their tables say. */
export const unsupported: Readonly<Record<string, string>> = {
  "Kafka's stream–stream table, left: a row whose key is null matches nothing": withoutKey,
  "Kafka's stream–stream table, full: rows whose keys are null match nothing, nor each other": withoutKey,
};

/**
 * Cases whose output is another where a run goes on from a checkpoint, as it may be in Flink too, each with the reason: they
 * have a barrier after every step, and no restore.
 */
export const notRestored: Readonly<Record<string, string>> = {
  "async look-up, unordered: answers are given as they come, but not across a watermark":
    "watermarks in hand are said again behind the rows in hand, and held back none of them",
  "async look-up: a row without an answer in time ends the job": askedAnew,
  "async look-up: a row without an answer in time may be given another": askedAnew,
};

/** All cases that builders can express. */
export const supportedCases: readonly AlgebraCase[] = algebraCases.filter(
  ({ name }) => unsupported[name] === undefined,
);
