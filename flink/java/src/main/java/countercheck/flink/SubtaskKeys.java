package countercheck.flink;

import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/** Keys by which a keyed exchange brings an element to a subtask of one's choice. */
final class SubtaskKeys {
  private SubtaskKeys() {}

  /** A key that lies in the key group, of so many. */
  static int ofGroup(int group, int groups) {
    for (int key = 0; ; key++) {
      if (KeyGroupRangeAssignment.assignToKeyGroup(key, groups) == group) return key;
    }
  }

  /** For each of the subtasks a key that it owns. */
  static int[] ofSubtasks(int subtasks, int groups) {
    int[] keys = new int[subtasks];
    for (int subtask = 0; subtask < subtasks; subtask++) {
      keys[subtask] = ofGroup(KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(groups, subtasks, subtask).getStartKeyGroup(), groups);
    }
    return keys;
  }
}
