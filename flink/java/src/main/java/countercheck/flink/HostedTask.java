package countercheck.flink;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.util.OutputTag;

/** A task of the plan, as its operator must know it: its number, how many inputs and outputs it has, how Node is started. */
record HostedTask(String job, int number, int inputs, int outputs, Plan.Child child) implements Serializable {
  /** What names an output of any task among the side outputs of its operator. */
  static OutputTag<Tuple2<Integer, byte[]>> tag(int output) {
    return new OutputTag<>("output-" + output, Element.TYPE);
  }

  List<OutputTag<Tuple2<Integer, byte[]>>> tags() {
    List<OutputTag<Tuple2<Integer, byte[]>>> tags = new ArrayList<>();
    for (int output = 0; output < outputs; output++) tags.add(tag(output));
    return tags;
  }
}
