export { hashBytes } from "../base/hash.ts";

/**
 * How keys are spread: a key's text has a hash, the hash a key group, and a subtask owns a range of key groups. Hash,
 * groups and ranges are Flink's for an integer key (`MathUtils.murmurHash`, `KeyGroupRangeAssignment`), so that state moves
 * between runners; they are fixed.
 */

/** Key groups of every job: the most subtasks that an operator can have. */
export const KEY_GROUPS = 128;

/** The key group of a key's hash: Flink's murmur of an int. */
export function keyGroupOf(hash: number): number {
  let code = Math.imul(hash, 0xcc9e2d51);
  code = (code << 15) | (code >>> 17);
  code = Math.imul(code, 0x1b873593);
  code = (code << 13) | (code >>> 19);
  code = (Math.imul(code, 5) + 0xe6546b64) | 0;
  code ^= 4;
  code ^= code >>> 16;
  code = Math.imul(code, 0x85ebca6b);
  code ^= code >>> 13;
  code = Math.imul(code, 0xc2b2ae35);
  code ^= code >>> 16;
  // Flink: the absolute value, and 0 for the least int, which has none.
  const positive = code >= 0 ? code : code === -2147483648 ? 0 : -code;
  return positive % KEY_GROUPS;
}

/** The subtask that owns a key group. */
export function subtaskOf(group: number, parallelism: number): number {
  return Math.floor((group * parallelism) / KEY_GROUPS);
}

/** Whether a subtask, one of `parallelism`, owns a key group. */
export function isOwn(
  group: number,
  { subtask, parallelism }: { readonly subtask: number; readonly parallelism: number },
): boolean {
  return subtaskOf(group, parallelism) === subtask;
}
