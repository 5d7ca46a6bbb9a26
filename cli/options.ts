import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "./duration.ts";
import { grouped } from "./table.ts";

/** More threads than that only get in each other's way: each of them talks to all others. */
export const MOST_WORKERS = 32;

/** Parses a whole number from 0 up. */
export function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

/** Parses a whole number from 1 up. */
export function positive(text: string): number {
  const number = count(text);
  if (number === 0) throw new InvalidArgumentError("Expected a number from 1 up.");
  return number;
}

/** Gives a parser of a whole number between two, which are included. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${grouped(least)} to ${grouped(most)}.`);
  };
}

/** Parses a currency's code, in whatever case it is written. */
export function currency(text: string): string {
  return text.toUpperCase();
}

/** Parses a point in time, as ISO 8601 with an offset or as a date in UTC; gives epoch milliseconds. */
export function instant(text: string): number {
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError("Expected a time such as 2026-03-02T10:15:00Z, or a date.");
  return time;
}

/** Parses a length of time such as `30m`; gives milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("Expected a duration such as 30m, 4h or 2d.");
  return ms;
}

/** The folder that a run left its results in. */
export function dirOption(): Option {
  return new Option("--dir <dir>", "the output folder of a run").makeOptionMandatory();
}

/** An option that takes one of a few values. */
export function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values);
}

/** `--class`, a class of failure; which there are, the checks of a job say. */
export function classOption(): Option {
  return new Option("--class <class>", "only this class of failure");
}
