import { parentPort, workerData } from "node:worker_threads";
import { RingLinks } from "../runtime/exchange/worker-links.ts";
import { driveWorker } from "../runtime/worker-thread.ts";
import { openRegistry } from "./config.ts";
import { loadJob } from "./load-job.ts";
import { makeWorker, type WorkerPlace, type WorkerSpec } from "./workers.ts";

/** Begins a thread that is one of the workers of a run. `onPoint` is told of places in a checkpoint. */
export async function runWorkerThread(onPoint?: (name: string) => void): Promise<void> {
  const { spec, place } = workerData as { readonly spec: WorkerSpec; readonly place: WorkerPlace };
  const graph = (await loadJob(spec.job)).graph();
  const links = new RingLinks(place.links!, place.index);
  const worker = makeWorker(spec, place, graph, openRegistry(spec.registry, spec.configFile), links, onPoint);
  await driveWorker(worker, links.bell, parentPort!);
}
