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
  readonly kept: readonly KeptState[];
  readonly parts: readonly CheckpointPart[];
}

/** Writes own state, as it stands in Flink's operator state. */
export function writeOwnState(out: ByteWriter, { kept, parts }: OwnState): void {
  out.text(JSON.stringify(kept));
  for (const { uid, bytes } of parts) {
    out.text(uid);
    out.block(bytes);
  }
}

/** Reads what `writeOwnState` wrote; bytes are views. */
export function readOwnState(bytes: Uint8Array): OwnState {
  const input = new ByteReader(bytes);
  const kept = JSON.parse(input.text()) as KeptState[];
  const parts: CheckpointPart[] = [];
  while (!input.isAtEnd) parts.push({ uid: input.text(), keyGroup: NO_GROUP, bytes: input.block() });
  return { kept, parts };
}

/** The parts of a barrier: those without a key group, which the task gives first, and the rest, which is pulled later. */
export function divided(parts: Iterable<CheckpointPart>): {
  readonly own: CheckpointPart[];
  readonly rest: Generator<CheckpointPart>;
} {
  const iterator = parts[Symbol.iterator]();
  const own: CheckpointPart[] = [];
  let next = iterator.next();
  for (; next.done !== true && next.value.keyGroup === NO_GROUP; next = iterator.next()) own.push(next.value);
  return { own, rest: following(next, iterator) };
}

function* following<T>(first: IteratorResult<T>, rest: Iterator<T>): Generator<T> {
  try {
    for (let next = first; next.done !== true; next = rest.next()) yield next.value;
  } finally {
    rest.return?.();
  }
}
