import { parentPort, workerData } from "node:worker_threads";
import { RingLinks } from "../runtime/exchange/worker-links.ts";
import { driveWorker } from "../runtime/worker-thread.ts";
import { partitionOpener } from "./broker-input.ts";
import { loadJobs } from "./load-job.ts";
import { openRegistry } from "./open-registry.ts";
import { profileThread } from "./profile/thread-profile.ts";
import { makeWorker, type WorkerHooks, type WorkerPlace, type WorkerSpec } from "./workers.ts";

/** Begins a thread that is one of the workers of a run. */
export async function runWorkerThread(hooks: WorkerHooks = {}): Promise<void> {
  const { spec, place } = workerData as { readonly spec: WorkerSpec; readonly place: WorkerPlace };
  const profile = await profileThread(`worker-${place.index}`);
  const graph = (await loadJobs(spec.jobs)).graph();
  const links = new RingLinks(place.links!, place.index);
  const open = await partitionOpener(graph, spec.sources, spec.configFile);
  const registry = openRegistry(spec.registry, spec.configFile);
  const wake = () => links.bell.ring();
  const worker = makeWorker(spec, place, graph, open, registry, links, { ...hooks, wake });
  await driveWorker(worker, links.bell, parentPort!, async () => profile?.end());
}
