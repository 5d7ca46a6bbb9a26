/** What a random step has of time. */
interface Timed {
  /** About the time that has passed by then. */
  readonly time: number;
  /** The watermark behind it, about the same time. */
  readonly watermark?: number | undefined;
}

/** So much time passes from one step to the next. */
const STEP = 3;

/**
 * Random steps with times and watermarks about a time that passes, so that rows that come in time, late, and for what
 * is over by then are about as many. Of an input's watermarks only those that rise are left.
 */
export function passing<S extends Timed>(
  steps: readonly S[],
  inputOf: (step: S) => string = () => "the only one",
): S[] {
  const last = new Map<string, number>();
  return steps.map((step, index) => {
    const now = STEP * index;
    const { watermark, ...timed } = { ...step, time: now + step.time };
    const input = inputOf(step);
    if (watermark === undefined || now + watermark <= (last.get(input) ?? Number.NEGATIVE_INFINITY)) return timed as S;
    last.set(input, now + watermark);
    return { ...timed, watermark: now + watermark } as S;
  });
}
