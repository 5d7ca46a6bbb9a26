import { setFlagsFromString } from "node:v8";

/**
 * Keeps the heap from growing far beyond what lives in it: to twice that at most, where V8 on a large machine would let it
 * grow to four times and more before it looks for garbage. State is bounded by `state.memory`; this bounds
 * what it leaves behind. To be called before work begins; it holds for all threads.
 */
export function boundGarbage(): void {
  setFlagsFromString("--heap-growing-percent=100");
}
