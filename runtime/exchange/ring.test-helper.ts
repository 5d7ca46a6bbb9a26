import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { seededRandom } from "../../base/random.ts";
import { Doorbell } from "./doorbell.ts";
import { type RingReader, RingWriter } from "./ring.ts";

/** What the writing thread of a test is started with. */
export interface WriterData {
  readonly rings: readonly SharedArrayBuffer[];
  readonly readerBell: SharedArrayBuffer;
  readonly writerBell: SharedArrayBuffer;
  readonly frames: number;
  readonly seed: number;
}

/** The frames that a seed stands for: most are small, some are several times as large as a small ring. */
export function* framesOf(seed: number, count: number): Generator<Buffer> {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) {
    const frame = Buffer.allocUnsafe(random.below(random.chance(0.02) ? 20_000 : 300));
    for (let at = 0; at < frame.length; at++) frame[at] = random.below(256);
    yield frame;
  }
}

/** Takes frames out of several rings until each has brought so many; gives a checksum of each ring's frames. */
export function readAll(rings: readonly RingReader[], bell: Doorbell, frames: number): string[] {
  const hashes = rings.map(() => createHash("sha256"));
  const left = rings.map(() => frames);
  while (left.some((count) => count > 0)) {
    const seen = bell.count;
    let some = false;
    for (const [index, ring] of rings.entries()) {
      const frame = ring.peek();
      if (frame === undefined) continue;
      hashes[index]!.update(`${frame.length} `).update(frame.bytes.subarray(0, frame.length));
      ring.release();
      left[index]!--;
      some = true;
    }
    if (!some && !bell.wait(seen, 5_000)) throw new Error(`no frame came for 5 s, ${left} are missing`);
  }
  return hashes.map((hash) => hash.digest("hex"));
}

/** Writes a seed's frames into several rings, each at its own pace; gives their checksum. */
export function writeAll(rings: readonly RingWriter[], bell: Doorbell, frames: readonly Buffer[]): string {
  const next = rings.map(() => 0);
  while (next.some((index) => index < frames.length)) {
    const seen = bell.count;
    let some = false;
    for (const [index, ring] of rings.entries()) {
      const frame = frames[next[index]!];
      if (frame === undefined || !ring.tryWrite(frame, 0, frame.length)) continue;
      next[index]!++;
      some = true;
    }
    if (!some && !bell.wait(seen, 5_000)) throw new Error(`there was no room for 5 s, at ${next}`);
  }
  const hash = createHash("sha256");
  for (const frame of frames) hash.update(`${frame.length} `).update(frame);
  return hash.digest("hex");
}

if (parentPort !== null && (workerData as Partial<WriterData> | null)?.readerBell !== undefined) {
  const { rings, readerBell, writerBell, frames, seed } = workerData as WriterData;
  const writers = rings.map((ring) => new RingWriter(ring, new Doorbell(readerBell)));
  parentPort.postMessage(writeAll(writers, new Doorbell(writerBell), [...framesOf(seed, frames)]));
}
