import { BEFORE_ALL_TIME } from "../base/time.ts";

/**
 * The time, in epoch ms, that state written for a row counts its ttl from: the row's event time; for a row of the seed
 * without one, when it was read (`seed`); for any other, the watermark. Before all time while not even that is known.
 */
export function writeTime(time: number, seed: number | null, watermark: number): number {
  return time > BEFORE_ALL_TIME ? time : (seed ?? watermark);
}
