import { hashBytes, KEY_GROUPS, keyGroupOf } from "../state/key-groups.ts";

/**
 * The key group that the state of a partition's rows is in. It depends on nothing but these two and stays the same for ever:
 * checkpoints rest on it. Partitions of one topic are spread evenly over the subtasks at any parallelism, whatever their
 * number: each next one halves the widest gap that those before it have left.
 */
export function splitKeyGroup(topic: string, partition: number): number {
  const name = Buffer.from(topic);
  return (keyGroupOf(hashBytes(name, 0, name.length)) + reversed(partition)) % KEY_GROUPS;
}

/** The lowest bits of a partition's number, as many as count key groups, in reverse order. */
function reversed(partition: number): number {
  let group = 0;
  for (let bit = 1, mirrored = KEY_GROUPS / 2; mirrored >= 1; bit *= 2, mirrored /= 2)
    if (partition & bit) group += mirrored;
  return group;
}
