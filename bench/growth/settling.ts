import type { MinutesSample } from "./minutes.ts";

/** What a process took once it was warm. */
export interface Settling {
  /** From when on, in seconds. */
  readonly warmFrom: number;
  /** By least squares over all that was sampled from then on, in MB a minute. */
  readonly slopes: Readonly<Record<Taken, number>>;
  /** Resident memory: the mean of the middle third of the run, and of the last. */
  readonly middleMb: number;
  readonly lastMb: number;
  /** The last third is above the one before by more than garbage and the system's own counting move it. */
  readonly hasGrown: boolean;
}

type Taken = "rssMb" | "heapMb" | "externalMb";

const WARM_SECONDS = 300;
/** Of a short run, this part. */
const WARM_PART = 1 / 3;
const TOLERANCE = 0.03;

/** Whether memory is what it was, by samples over a run. */
export function settlingOf(samples: readonly MinutesSample[]): Settling {
  const seconds = samples.at(-1)!.seconds;
  const warmFrom = Math.round(Math.min(WARM_SECONDS, WARM_PART * seconds));
  const warm = samples.filter((each) => each.seconds >= warmFrom);
  const meanOf = (from: number, to: number) =>
    mean(samples.filter((each) => each.seconds >= from && each.seconds <= to).map(({ rssMb }) => rssMb));
  const middleMb = Math.round(meanOf(seconds / 3, (2 * seconds) / 3));
  const lastMb = Math.round(meanOf((2 * seconds) / 3, seconds));
  const slope = (of: Taken) => Number(slopeOf(warm.map((each) => [each.seconds / 60, each[of]])).toFixed(2));
  const slopes = { rssMb: slope("rssMb"), heapMb: slope("heapMb"), externalMb: slope("externalMb") };
  return { warmFrom, slopes, middleMb, lastMb, hasGrown: lastMb > middleMb * (1 + TOLERANCE) };
}

function slopeOf(points: readonly (readonly [number, number])[]): number {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length);
}
