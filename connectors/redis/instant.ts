/**
 * A moment on the clocks of this machine: the one that only goes forward, and stands still while the machine sleeps, and
 * the one on the wall, which does not, but can be set.
 */
export interface Instant {
  readonly steadyMs: number;
  readonly wallMs: number;
}

/** This moment. */
export function now(): Instant {
  return { steadyMs: performance.now(), wallMs: Date.now() };
}

/** The moment so many ms later. */
export function instantAfter({ steadyMs, wallMs }: Instant, ms: number): Instant {
  return { steadyMs: steadyMs + ms, wallMs: wallMs + ms };
}

/** True once either of the clocks is there. */
export function isPast({ steadyMs, wallMs }: Instant): boolean {
  return performance.now() >= steadyMs || Date.now() >= wallMs;
}
