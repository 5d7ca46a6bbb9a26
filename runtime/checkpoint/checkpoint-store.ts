import { join } from "node:path";
import { deserialize } from "node:v8";
import { crc32 } from "node:zlib";
import type { Disk } from "../../base/disk.ts";
import { isError, raise } from "../../base/errors.ts";
import type { OutboxRecord } from "../outbox.ts";
import type { Manifest } from "./manifest.ts";
import { decodeOutbox, encodeOutbox } from "./outbox-codec.ts";

/** A place between two writes, told for tests that break off there. */
export type CheckpointPoint = "outbox-written" | "checkpoint-written" | "checkpoint-renamed" | "pruned";

const MANIFEST = /^checkpoint-(\d{12})\.json$/;

/**
 * The checkpoints of a job in its state folder: a manifest and an outbox each, beside the segments of state. A checkpoint
 * is there once its manifest has its name; everything that it names is durable by then. What is damaged is recognised by
 * checksums.
 */
export class CheckpointStore {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #onPoint: (point: CheckpointPoint) => void;

  constructor(disk: Disk, dir: string, onPoint: (point: CheckpointPoint) => void = () => undefined) {
    this.#disk = disk;
    this.#dir = dir;
    this.#onPoint = onPoint;
    disk.makeFolder(this.segments);
    disk.makeFolder(this.temporary);
  }

  /** Folder of the segments of state. */
  get segments(): string {
    return join(this.#dir, "segments");
  }

  /** Folder for what does not outlive the process. */
  get temporary(): string {
    return join(this.#dir, "tmp");
  }

  /** Numbers of the checkpoints that are there, the newest first. */
  list(): number[] {
    const names = this.#disk.list(this.#dir).flatMap((name) => MANIFEST.exec(name)?.[1] ?? []);
    return names.map(Number).sort((a, b) => b - a);
  }

  /**
   * Makes a checkpoint durable, whose segments are; what of the outbox has a contract is encoded then. `requireGoing` is
   * asked before each step that others could see.
   */
  async write(
    manifest: Omit<Manifest, "outbox" | "format">,
    outbox: readonly OutboxRecord[],
    requireGoing: () => void,
  ): Promise<Manifest> {
    const { checkpoint } = manifest;
    const bytes = encodeOutbox(outbox, manifest.epoch);
    const file = outboxName(checkpoint);
    requireGoing();
    await this.#writeFile(join(this.#dir, file), bytes);
    this.#onPoint("outbox-written");
    const whole: Manifest = { ...manifest, format: 2, outbox: { file, bytes: bytes.length, crc: crc32(bytes) } };
    const path = join(this.#dir, manifestName(checkpoint));
    await this.#writeFile(`${path}.new`, encodeManifest(whole));
    this.#onPoint("checkpoint-written");
    // A power cut may keep its name and take its outbox's: with none before it there would be nothing to go back to.
    if (this.list().length === 0) await this.#disk.syncFolder(this.#dir);
    requireGoing();
    this.#disk.rename(`${path}.new`, path);
    await this.#disk.syncFolder(this.#dir);
    this.#onPoint("checkpoint-renamed");
    return whole;
  }

  /** Reads a manifest. CHECKPOINT_DAMAGED. */
  read(checkpoint: number): Manifest {
    const path = join(this.#dir, manifestName(checkpoint));
    return decodeManifest(readFile(this.#disk, path), path);
  }

  /** Reads a manifest; undefined where it is damaged. */
  tryRead(checkpoint: number): Manifest | undefined {
    try {
      return this.read(checkpoint);
    } catch (error) {
      if (isError(error, "CHECKPOINT_DAMAGED")) return undefined;
      throw error;
    }
  }

  /** Reads a checkpoint's outbox. CHECKPOINT_DAMAGED; CONTRACT_UNKNOWN. */
  readOutbox({ format, outbox: { file, bytes, crc } }: Manifest): OutboxRecord[] {
    const path = join(this.#dir, file);
    const found = readFile(this.#disk, path);
    if (found.length !== bytes || crc32(found) !== crc)
      raise("CHECKPOINT_DAMAGED", { path, reason: "its checksum is wrong" });
    return format === 1 ? (deserialize(found) as OutboxRecord[]) : decodeOutbox(found);
  }

  /** Removes all checkpoints but these, and the segments that only others name. */
  prune(kept: readonly Manifest[]): void {
    const needed = segmentsOf(kept);
    for (const checkpoint of this.list()) {
      if (kept.some((manifest) => manifest.checkpoint === checkpoint)) continue;
      const segments = this.#segmentsNamedBy(checkpoint);
      this.#disk.remove(join(this.#dir, manifestName(checkpoint)));
      this.#disk.remove(join(this.#dir, outboxName(checkpoint)));
      for (const file of segments) if (!needed.has(file)) this.#disk.remove(join(this.segments, file));
    }
    this.#onPoint("pruned");
  }

  /** Removes what a process that died left half done. Nothing may be using the folder yet. */
  sweep(): void {
    const checkpoints = this.list();
    const names = new Set(checkpoints.flatMap((checkpoint) => [manifestName(checkpoint), outboxName(checkpoint)]));
    this.#clear(names, segmentsOf(checkpoints.flatMap((checkpoint) => this.tryRead(checkpoint) ?? [])));
  }

  /** Removes everything. Nothing may be using the folder yet. */
  clear(): void {
    this.#clear(new Set(), new Set());
  }

  #clear(names: ReadonlySet<string>, segments: ReadonlySet<string>): void {
    for (const name of this.#disk.list(this.#dir)) {
      if (/^checkpoint-/.test(name) && !names.has(name)) this.#disk.remove(join(this.#dir, name));
    }
    for (const file of this.#disk.list(this.segments)) {
      if (!segments.has(file)) this.#disk.remove(join(this.segments, file));
    }
    for (const file of this.#disk.list(this.temporary)) this.#disk.remove(join(this.temporary, file));
  }

  #segmentsNamedBy(checkpoint: number): Set<string> {
    const manifest = this.tryRead(checkpoint);
    return manifest === undefined ? new Set() : segmentsOf([manifest]);
  }

  async #writeFile(path: string, bytes: Uint8Array): Promise<void> {
    const file = this.#disk.open(path, "create");
    try {
      file.write(bytes, 0);
      await file.sync();
    } finally {
      file.close();
    }
  }
}

/** A manifest's bytes: a checksum and JSON. */
export function encodeManifest(manifest: Manifest): Buffer {
  const text = JSON.stringify(manifest);
  return Buffer.from(`${checksum(text)}\n${text}`);
}

/** The manifest in these bytes of a file. CHECKPOINT_DAMAGED, CHECKPOINT_VERSION. */
export function decodeManifest(bytes: Buffer, path: string): Manifest {
  const [sum, text] = [bytes.toString("latin1", 0, 8), bytes.toString("utf8", 9)];
  if (sum !== checksum(text)) raise("CHECKPOINT_DAMAGED", { path, reason: "its checksum is wrong" });
  const manifest = JSON.parse(text) as Manifest;
  if (manifest.format !== 1 && manifest.format !== 2)
    raise("CHECKPOINT_VERSION", { path, format: String((manifest as Manifest).format) });
  return manifest;
}

/** Reads a file of a checkpoint whole. CHECKPOINT_DAMAGED where it is missing. */
export function readFile(disk: Disk, path: string): Buffer {
  if (!disk.exists(path)) raise("CHECKPOINT_DAMAGED", { path, reason: "it is missing" });
  const file = disk.open(path, "read");
  try {
    const bytes = Buffer.alloc(file.size());
    file.read(bytes, 0, bytes.length, 0);
    return bytes;
  } finally {
    file.close();
  }
}

/** Names of the segments that checkpoints need. */
export function segmentsOf(manifests: readonly Manifest[]): Set<string> {
  return new Set(manifests.flatMap(({ stores }) => stores.flatMap(({ segments }) => segments.map(({ file }) => file))));
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

function manifestName(checkpoint: number): string {
  return `checkpoint-${String(checkpoint).padStart(12, "0")}.json`;
}

function outboxName(checkpoint: number): string {
  return `checkpoint-${String(checkpoint).padStart(12, "0")}.outbox`;
}
