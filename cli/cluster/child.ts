import type { Job } from "../../checks/job.ts";

/**
 * Runs the tasks of jobs beside a TaskManager's slot, as the last two arguments of the process say: the file of its
 * `ChildSpec`, and the path of the Unix socket to listen on. There comes a connection for each task. The process ends
 * with the last of them. `name` is what several jobs are called together.
 */
export async function serveChild(jobs: readonly Job[], name?: string): Promise<void> {
  throw new Error(`unfinished: ${jobs.length} ${name}`);
}
