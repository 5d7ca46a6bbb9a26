import { ByteReader, type ByteWriter } from "../base/bytes.ts";
import type { CheckpointPart, KeptState } from "../runtime/task.ts";

/** In place of a key group: what an operator keeps besides its keys' state. */
const NO_GROUP = -1;

/** Writes a part of a key group, as it stands in Flink's raw keyed state. */
export function writePart(out: ByteWriter, part: CheckpointPart): void {
  out.text(part.uid);
  out.uint(part.keyGroup);
  out.block(part.bytes);
}

/** Reads what `writePart` wrote; the part's bytes are a view. */
export function readPart(bytes: Uint8Array): CheckpointPart {
  const input = new ByteReader(bytes);
  return { uid: input.text(), keyGroup: input.uint(), bytes: input.block() };
}

/** What a subtask keeps besides its keys' state: of what form that is, and the parts that have no key group. */
export interface OwnState {
  readonly subtask: number;
  readonly parallelism: number;
  readonly kept: readonly KeptState[];
  /** What each input's merger saved. */
  readonly mergers: readonly Uint8Array[];
  /** Results that wait until the checkpoint is confirmed, as their outlet saved them. */
  readonly results: Uint8Array;
  readonly parts: readonly CheckpointPart[];
}

/** Writes own state, as it stands in Flink's operator state. */
export function writeOwnState(
  out: ByteWriter,
  { subtask, parallelism, kept, mergers, results, parts }: OwnState,
): void {
  out.uint(subtask);
  out.uint(parallelism);
  out.text(JSON.stringify(kept));
  out.uint(mergers.length);
  for (const merger of mergers) out.block(merger);
  out.block(results);
  for (const { uid, bytes } of parts) {
    out.text(uid);
    out.block(bytes);
  }
}

/** Reads what `writeOwnState` wrote; bytes are views. */
export function readOwnState(bytes: Uint8Array): OwnState {
  const input = new ByteReader(bytes);
  const subtask = input.uint();
  const parallelism = input.uint();
  const kept = JSON.parse(input.text()) as KeptState[];
  const mergers = Array.from({ length: input.uint() }, () => input.block());
  const results = input.block();
  const parts: CheckpointPart[] = [];
  while (!input.isAtEnd) parts.push({ uid: input.text(), keyGroup: NO_GROUP, bytes: input.block() });
  return { subtask, parallelism, kept, mergers, results, parts };
}
