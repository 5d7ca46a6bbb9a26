package countercheck.flink;

import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Stands before a keyed exchange and copies every control element to each subtask behind it, in the channel's order:
 * each copy gets a key that the subtask owns. How many subtasks there are is asked of the task's own network output, so
 * that it holds whatever Flink scales the next vertex to.
 */
public final class ControlFanOut extends AbstractStreamOperator<Tuple2<Integer, byte[]>>
    implements OneInputStreamOperator<Tuple2<Integer, byte[]>, Tuple2<Integer, byte[]>> {
  private transient int[] keys;

  @Override
  public void open() throws Exception {
    super.open();
    int subtasks = getContainingTask().getEnvironment().getWriter(0).getNumberOfSubpartitions();
    int groups = getContainingTask().getEnvironment().getTaskInfo().getMaxNumberOfParallelSubtasks();
    keys = new int[subtasks];
    for (int subtask = 0; subtask < subtasks; subtask++) keys[subtask] = keyOf(subtask, subtasks, groups);
  }

  @Override
  public void processElement(StreamRecord<Tuple2<Integer, byte[]>> element) {
    Tuple2<Integer, byte[]> value = element.getValue();
    if (value.f1[0] != Element.CONTROL) {
      output.collect(element);
      return;
    }
    for (int key : keys) output.collect(new StreamRecord<>(Tuple2.of(key, value.f1)));
  }

  private static int keyOf(int subtask, int subtasks, int groups) {
    for (int key = 0; ; key++) {
      if (KeyGroupRangeAssignment.assignKeyToParallelOperator(key, groups, subtasks) == subtask) return key;
    }
  }
}
