import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../base/memory-disk.ts";
import { StateStore } from "../state/state-store.ts";
import { DiskBackend } from "./disk-backend.ts";

describe("state on a disk", () => {
  it("leaves no file of timers behind, whoever made them", () => {
    const disk = new MemoryDisk();
    const store = new StateStore({ disk, dir: "segments", prefix: "w0", memoryBytes: 1 << 20 });
    const timers = { disk, dir: "temporary", prefix: "w0-" };
    const backend = new DiskBackend({ store, cacheBytes: 1 << 20, onChanged: undefined, timers });
    const queue = backend.timerQueue();
    const alarms = [backend.alarms(), backend.alarms()];
    for (let i = 0; i < 70_000; i++) {
      queue.register(`order ${i}`, i);
      for (const each of alarms) each.set(i, i);
    }
    expect(disk.list("temporary")).toEqual(["w0-0-1.timers", "w0-1.alarms", "w0-2.alarms"]);
    backend.close();
    expect(disk.list("temporary")).toEqual([]);
  });
});
