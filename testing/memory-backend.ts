import type { Disk } from "../base/disk.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import type { StateBackend } from "../runtime/operators/operator-host.ts";
import { StateStore } from "../state/state-store.ts";
import { TimerLanes } from "../state/timer-lanes.ts";
import { TimerQueue } from "../state/timer-queue.ts";

const MIB = 1 << 20;

/** State that lives in memory and goes with it, or in a folder of another disk. */
export function memoryBackend(
  disk: Disk = new MemoryDisk(),
  dir = "state",
): StateBackend & { readonly store: StateStore } {
  const store = new StateStore({ disk, dir, prefix: "test", memoryBytes: 64 * MIB });
  return {
    store,
    cacheBytes: 16 * MIB,
    timerQueue: () => new TimerQueue(),
    alarms: (name) => new TimerLanes({ disk, dir: "alarms", prefix: name }),
    close: () => store.close(),
  };
}
