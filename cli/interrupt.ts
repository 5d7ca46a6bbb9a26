import { EXIT } from "./errors.ts";

/** One signal may come twice: to the whole group of processes, and handed on by the one that started this one. */
const SAME_SIGNAL_MS = 1_000;

/**
 * A signal that comes with Ctrl-C, SIGTERM or SIGHUP, so that a run can end cleanly. A second one, a second later or more,
 * ends the process at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) firstAt = performance.now();
      else if (performance.now() - firstAt >= SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}
