import { describe, expect, it } from "vitest";
import type { Disk } from "../../base/disk.ts";
import { isError } from "../../base/errors.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { SimClock } from "./sim-clock.ts";
import { PowerCut, SimDisk } from "./sim-disk.ts";

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);

describe("a simulated disk", () => {
  it("is a disk like any other while nothing crashes", async () => {
    for (const seed of SEEDS) {
      const clock = new SimClock(0);
      const disks = [new SimDisk(clock), new MemoryDisk()];
      for (const disk of disks) disk.makeFolder("/a/b");
      for (let step = 0; step < 40; step++) {
        const label = `${seed}/${step}`;
        const results = [];
        for (const disk of disks) results.push(await clock.until(change(disk, seededRandom(label))));
        expect(results[0], `step ${label}`).toEqual(results[1]);
        expect(contentOf(disks[0]!), `step ${label}`).toEqual(contentOf(disks[1]!));
      }
    }
  });

  it("keeps what was synced, file and folder, through every power cut", async () => {
    for (const seed of SEEDS) {
      const { disk, clock } = begin();
      await clock.until(writeDurably(disk, "/a/old", "old"));
      await clock.until(writeDurably(disk, "/a/kept", text("kept")));
      const file = disk.open("/a/kept", "update");
      file.write(Buffer.from("lost"), 4_000);
      disk.rename("/a/old", "/a/new");
      await clock.until(disk.syncFolder("/a"));
      const after = contentOf(disk.crash("power-cut", seededRandom(seed)));
      expect(after["/a/new"]).toBe("old");
      expect(after["/a/old"]).toBeUndefined();
      expect(after["/a/kept"]!.slice(0, 4_000)).toBe(text("kept"));
    }
  });

  it("may lose, tear or keep what was not", async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const { disk, clock } = begin();
      await clock.until(writeDurably(disk, "/a/file", ""));
      disk.open("/a/file", "update").write(Buffer.from(text("data")), 0);
      disk.makeFolder("/a/made");
      const after = disk.crash("power-cut", seededRandom(seed));
      const content = contentOf(after)["/a/file"]!;
      outcomes.add(after.exists("/a/made") ? "folder there" : "folder missing");
      if (content === text("data")) outcomes.add("whole");
      else if (content === "") outcomes.add("lost");
      else if (text("data").startsWith(content)) outcomes.add("prefix");
      else outcomes.add(/^\0+$/.test(content) ? "only its length" : "some sectors");
    }
    expect([...outcomes].sort()).toEqual([
      "folder missing",
      "folder there",
      "lost",
      "only its length",
      "prefix",
      "some sectors",
      "whole",
    ]);
  });

  it("takes a rename as one step, which brings whatever of the file is durable", async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const { disk, clock } = begin();
      await clock.until(writeDurably(disk, "/a/file", "old"));
      const next = disk.open("/a/file.new", "create");
      next.write(Buffer.from("new"), 0);
      disk.rename("/a/file.new", "/a/file");
      outcomes.add(contentOf(disk.crash("power-cut", seededRandom(seed)))["/a/file"] ?? "none");
    }
    expect(outcomes).toContain("old");
    expect(outcomes).toContain("new");
    expect(outcomes).toContain("");
    expect(outcomes).not.toContain("none");
  });

  it("keeps everything when only the process died", () => {
    const { disk } = begin();
    disk.open("/a/file", "create").write(Buffer.from("data"), 0);
    const before = contentOf(disk);
    expect(contentOf(disk.crash("killed", seededRandom(1)))).toEqual(before);
  });

  it("is lost to the process that died: nothing it does has an effect, and no sync succeeds", async () => {
    const { disk, clock } = begin();
    const file = disk.open("/a/file", "create");
    const sync = file.sync();
    const after = disk.crash("killed", seededRandom(1));
    expect(() => file.write(Buffer.from("late"), 0)).toThrow(PowerCut);
    expect(() => disk.remove("/a")).toThrow(PowerCut);
    await expect(clock.until(sync)).rejects.toThrow(PowerCut);
    expect(contentOf(after)["/a/file"]).toBe("");
  });

  it("does nothing that its test forbids", () => {
    const clock = new SimClock(0);
    let isFull = false;
    const before = () => {
      if (isFull) throw new Error("full");
    };
    const disk = new SimDisk(clock, { before });
    disk.makeFolder("/a");
    const file = disk.open("/a/file", "create");
    isFull = true;
    expect(() => file.write(Buffer.from("data"), 0)).toThrow("full");
    expect(file.size()).toBe(0);
  });
});

function begin(): { disk: SimDisk; clock: SimClock } {
  const clock = new SimClock(0);
  const disk = new SimDisk(clock);
  disk.makeFolder("/a");
  return { disk: disk.crash("killed", seededRandom(0)), clock };
}

async function writeDurably(disk: Disk, path: string, content: string): Promise<void> {
  const file = disk.open(path, "create");
  file.write(Buffer.from(content), 0);
  await file.sync();
  await disk.syncFolder("/a");
  await disk.syncFolder("/");
}

/** 4,000 bytes that differ from sector to sector. */
function text(label: string): string {
  return Array.from({ length: 500 }, (_, i) => `${label}${String(i).padStart(4, "0")}`).join("");
}

/** Some operation or other; gives what came of it. */
async function change(disk: Disk, random: Random): Promise<unknown> {
  const path = () => `/a/${random.pick(["", "b/"])}${random.pick(["x", "y", "z"])}`;
  const bytes = () => Buffer.alloc(random.below(1_500), 1 + random.below(250));
  try {
    switch (random.below(7)) {
      case 0:
        return disk.open(path(), "create").write(bytes(), random.below(100));
      case 1:
        return disk.open(random.pick(["/a/r", path()]), "update").write(bytes(), random.below(2_000));
      case 2:
        return disk.open(path(), "update").truncate(random.below(1_000));
      case 3:
        return disk.rename(path(), random.pick(["/a/r", "/a/b/r"]));
      case 4:
        return disk.remove(path());
      case 5:
        return await disk.open(path(), "read").sync();
      default:
        return await disk.syncFolder("/a/b");
    }
  } catch (error) {
    return isError(error) ? error.code : error;
  }
}

/** Every file's content by its path. */
function contentOf(disk: Disk, folder = "/a"): Record<string, string> {
  const contents: Record<string, string> = {};
  for (const name of disk.list(folder)) {
    const path = `${folder}/${name}`;
    if (name === "b" || name === "made") {
      Object.assign(contents, contentOf(disk, path));
      continue;
    }
    const file = disk.open(path, "read");
    const bytes = Buffer.alloc(file.size());
    file.read(bytes, 0, bytes.length, 0);
    contents[path] = bytes.toString("latin1");
  }
  return contents;
}
