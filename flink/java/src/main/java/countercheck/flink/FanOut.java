package countercheck.flink;

import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.graph.NonChainedOutput;
import org.apache.flink.streaming.api.graph.StreamConfig;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.StreamTask;
import org.apache.flink.util.OutputTag;

/**
 * The keyed exchange behind one output of an operator: brings an element to one subtask, or copies it to each. How many
 * subtasks there are is asked of the network output itself, so that it holds whatever Flink scales the next vertex to.
 */
final class FanOut {
  private final int[] keys;

  private FanOut(int[] keys) {
    this.keys = keys;
  }

  /** Of an operator's main output, or of a side output; no subtask is behind one that nobody reads. */
  static FanOut behind(StreamTask<?, ?> task, StreamConfig operator, OutputTag<?> side) {
    ClassLoader loader = task.getUserCodeClassLoader();
    // Writers stand in the order of all outputs of the vertex.
    List<NonChainedOutput> all = task.getConfiguration().getVertexNonChainedOutputs(loader);
    for (NonChainedOutput output : operator.getOperatorNonChainedOutputs(loader)) {
      if (side == null ? output.getOutputTag() != null : !side.equals(output.getOutputTag())) continue;
      int subtasks = task.getEnvironment().getWriter(all.indexOf(output)).getNumberOfSubpartitions();
      int groups = task.getEnvironment().getTaskInfo().getMaxNumberOfParallelSubtasks();
      return new FanOut(SubtaskKeys.ofSubtasks(subtasks, groups));
    }
    return new FanOut(new int[0]);
  }

  int subtasks() {
    return keys.length;
  }

  StreamRecord<Tuple2<Integer, byte[]>> to(int subtask, byte[] element) {
    return new StreamRecord<>(Tuple2.of(keys[subtask], element));
  }

  void toAll(byte[] element, Consumer<StreamRecord<Tuple2<Integer, byte[]>>> emit) {
    for (int subtask = 0; subtask < keys.length; subtask++) emit.accept(to(subtask, element));
  }
}
