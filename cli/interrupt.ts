import { EXIT } from "./errors.ts";

/**
 * A signal that comes with Ctrl-C, SIGTERM or SIGHUP, so that a run can end cleanly. A second one ends the process at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}
