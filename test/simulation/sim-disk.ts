import { posix } from "node:path";
import type { Disk, DiskFile } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import type { SimClock } from "./sim-clock.ts";
import { SimContent } from "./sim-content.ts";

/** An operation that changes something, or makes it durable. `synced`: a sync is done, and who asked does not know yet. */
export type DiskOperation = "write" | "truncate" | "create" | "make-folder" | "rename" | "remove" | "sync" | "synced";

/** What a test has to say about a disk. */
export interface DiskEvents {
  /** Before every operation: whoever throws keeps it from happening, and who asked for it gets the error. */
  readonly before?: (operation: DiskOperation, path: string) => void;
  /** How long the next sync takes, in ms. */
  readonly syncMs?: (path: string) => number;
}

/** What every operation on the disk of a process that has died throws. */
export class PowerCut extends Error {
  constructor() {
    super("the power is gone");
  }
}

/** What a crash leaves of what was not made durable. */
export type CrashKind =
  /** All of it: only the process died. */
  | "killed"
  /** Any part of it: of files any sectors of any writes, of folders any of the changes. */
  | "power-cut";

/**
 * A disk whose writes can be lost. What is not synced is there as long as nothing crashes; `crash` gives the disk as the
 * next process finds it, and ends this one.
 */
export class SimDisk implements Disk {
  isDead = false;
  events: DiskEvents;
  readonly #clock: SimClock;
  readonly #root: Folder;
  #changes: FolderChange[];
  #order: number;

  constructor(clock: SimClock, events: DiskEvents = {}, from: { root: Folder; changes: FolderChange[] } = empty()) {
    this.#clock = clock;
    this.events = events;
    this.#root = from.root;
    this.#changes = from.changes;
    this.#order = 1 + Math.max(-1, ...from.changes.map(({ order }) => order));
  }

  /** The disk as the next process finds it. Everything that was durable is there. */
  crash(kind: CrashKind, random: Random): SimDisk {
    this.isDead = true;
    if (kind === "killed") return new SimDisk(this.#clock, {}, { root: this.#root, changes: this.#changes });
    for (const change of survivors(this.#changes, random)) apply(change);
    const left = new Map<SimContent, SimContent>();
    const root = afterCrash(this.#root, (content) => {
      const known = left.get(content) ?? content.afterCrash(random);
      left.set(content, known);
      return known;
    });
    return new SimDisk(this.#clock, {}, { root, changes: [] });
  }

  /** Flips one bit in `[start .. end)` of a file, as it lies on the medium. */
  flip(path: string, start: number, end: number, random: Random): void {
    const content = this.#find(path);
    if (content instanceof SimContent) content.flip(start + random.below(end - start), 1 << random.below(8));
  }

  open(path: string, mode: "read" | "create" | "update"): DiskFile {
    this.#requireAlive();
    if (mode === "create") return new SimFile(this, path, this.#create(path));
    const found = this.#find(path);
    if (!(found instanceof SimContent)) this.#missing("open", path);
    return new SimFile(this, path, found);
  }

  exists(path: string): boolean {
    this.#requireAlive();
    return this.#find(path) !== undefined;
  }

  list(folder: string): string[] {
    this.#requireAlive();
    const found = this.#find(folder);
    return found instanceof Folder ? [...found.entries.keys()].sort() : [];
  }

  makeFolder(path: string): void {
    let folder = this.#root;
    for (const name of partsOf(path)) {
      let next = folder.entries.get(name);
      if (next === undefined) {
        this.step("make-folder", path);
        next = new Folder();
        this.#change([[folder, name, next]]);
      }
      if (!(next instanceof Folder)) this.#missing("make", path);
      folder = next;
    }
    this.#requireAlive();
  }

  rename(from: string, to: string): void {
    this.step("rename", from);
    const source = this.#placeOf(from);
    const target = this.#placeOf(to);
    const moved = source?.folder.entries.get(source.name);
    if (source === undefined || target === undefined || moved === undefined) this.#missing("rename", from);
    const there = target.folder.entries.get(target.name);
    if (there instanceof Folder && there.entries.size > 0) this.#missing("rename", from);
    this.#change([
      [source.folder, source.name, undefined],
      [target.folder, target.name, moved],
    ]);
  }

  remove(path: string): void {
    const found = this.#find(path);
    if (found instanceof Folder) for (const name of this.list(path)) this.remove(posix.join(path, name));
    this.step("remove", path);
    const place = this.#placeOf(path);
    if (place?.folder.entries.has(place.name)) this.#change([[place.folder, place.name, undefined]]);
  }

  async syncFolder(path: string): Promise<void> {
    const folder = this.#find(path);
    if (!(folder instanceof Folder)) this.#missing("sync", path);
    const through = this.#order;
    await this.sync(path, () => this.#settle(folder, through));
  }

  /** Makes durable, by `settle`, after a while. */
  sync(path: string, settle: () => void): Promise<void> {
    this.step("sync", path);
    return new Promise((resolve, reject) => {
      this.#clock.after(this.events.syncMs?.(path) ?? 0, () => {
        try {
          this.#requireAlive();
          settle();
          this.step("synced", path);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Tells of an operation, which happens unless this throws. */
  step(operation: DiskOperation, path: string): void {
    this.#requireAlive();
    this.events.before?.(operation, path);
    this.#requireAlive();
  }

  #create(path: string): SimContent {
    this.step("create", path);
    const place = this.#placeOf(path);
    if (place === undefined) this.#missing("open", path);
    const there = place.folder.entries.get(place.name);
    if (there instanceof Folder) this.#missing("open", path);
    if (there !== undefined) {
      there.truncate(0);
      return there;
    }
    const made = new SimContent();
    this.#change([[place.folder, place.name, made]]);
    return made;
  }

  #change(entries: FolderChange["entries"]): void {
    for (const [folder, name, node] of entries) set(folder.entries, name, node);
    this.#changes.push({ order: this.#order++, entries });
  }

  /** Makes the changes of a folder durable, and those of others that they go together with. */
  #settle(folder: Folder, through: number): void {
    const folders = new Set([folder]);
    for (let before = 0; before < folders.size; ) {
      before = folders.size;
      for (const { order, entries } of this.#changes) {
        if (order < through && entries.some(([of]) => folders.has(of))) for (const [of] of entries) folders.add(of);
      }
    }
    const isSettled = ({ order, entries }: FolderChange) => order < through && entries.some(([of]) => folders.has(of));
    for (const change of this.#changes) if (isSettled(change)) apply(change);
    this.#changes = this.#changes.filter((change) => !isSettled(change));
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of partsOf(path)) node = node instanceof Folder ? node.entries.get(name) : undefined;
    return node;
  }

  #placeOf(path: string): { folder: Folder; name: string } | undefined {
    const folder = this.#find(posix.dirname(path));
    return folder instanceof Folder ? { folder, name: posix.basename(path) } : undefined;
  }

  #requireAlive(): void {
    if (this.isDead) throw new PowerCut();
  }

  #missing(doing: string, path: string): never {
    return raise("DISK_FAILED", { doing, path, reason: "there is no such thing" });
  }
}

type Node = Folder | SimContent;

class Folder {
  readonly entries = new Map<string, Node>();
  readonly durable = new Map<string, Node>();
}

/** One step, that is durable as a whole or not. */
interface FolderChange {
  readonly order: number;
  readonly entries: readonly (readonly [folder: Folder, name: string, node: Node | undefined])[];
}

class SimFile implements DiskFile {
  readonly path: string;
  readonly #disk: SimDisk;
  readonly #content: SimContent;

  constructor(disk: SimDisk, path: string, content: SimContent) {
    this.path = path;
    this.#disk = disk;
    this.#content = content;
  }

  size(): number {
    return this.#content.length;
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    if (this.#disk.isDead) throw new PowerCut();
    return this.#content.read(into, start, length, position);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#disk.step("write", this.path);
    this.#content.write(bytes, position);
  }

  truncate(length: number): void {
    this.#disk.step("truncate", this.path);
    this.#content.truncate(length);
  }

  async sync(): Promise<void> {
    const through = this.#content.changes;
    await this.#disk.sync(this.path, () => this.#content.settle(through));
  }

  close(): void {}
}

function empty() {
  return { root: new Folder(), changes: [] };
}

function partsOf(path: string): string[] {
  return posix.normalize(path).split("/").filter(Boolean);
}

function set(entries: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node === undefined) entries.delete(name);
  else entries.set(name, node);
}

function apply({ entries }: FolderChange): void {
  for (const [folder, name, node] of entries) set(folder.durable, name, node);
}

/** All, none, or any of the changes; in their order. */
function survivors(changes: readonly FolderChange[], random: Random): readonly FolderChange[] {
  const share = random.pick([0, 1, 0.5, 0.5]);
  return changes.filter(() => random.chance(share));
}

/** A folder as it lies on the medium, all of it durable. */
function afterCrash(folder: Folder, contentAfter: (content: SimContent) => SimContent): Folder {
  const left = new Folder();
  for (const [name, node] of folder.durable) {
    const after = node instanceof Folder ? afterCrash(node, contentAfter) : contentAfter(node);
    left.entries.set(name, after);
    left.durable.set(name, after);
  }
  return left;
}
