import { setFlagsFromString } from "node:v8";

/**
 * Keeps the heap from growing far beyond what lives in it: to twice that at most, where V8 on a large machine would let it
 * grow to four times and more before it looks for garbage. State is bounded by `state.memory`; this bounds
 * what it leaves behind. To be called before work begins; it holds for all threads.
 */
export function boundGarbage(): void {
  setFlagsFromString("--heap-growing-percent=100");
  // Buffers count in that bound too. Otherwise all of the heap is marked for every 64 MiB by which they grow, a tenth of
  // what a job costs. A flag that a version of V8 does not know would be told on stderr.
  if (process.versions.v8.startsWith("13.6.")) setFlagsFromString("--external-memory-accounted-in-global-limit");
}
