package countercheck.flink;

import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.operators.Input;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/** One input of a task. Flink's own watermarks and statuses mean nothing here: the task's travel among the elements. */
final class TaskInput implements Input<Tuple2<Integer, byte[]>> {
  private final NodeTaskOperator operator;
  private final int input;

  TaskInput(NodeTaskOperator operator, int input) {
    this.operator = operator;
    this.input = input;
  }

  @Override
  public void processElement(StreamRecord<Tuple2<Integer, byte[]>> element) throws Exception {
    operator.element(input, element.getValue().f1);
  }

  @Override
  public void processWatermark(Watermark mark) {}

  @Override
  public void processWatermarkStatus(WatermarkStatus status) {}

  @Override
  public void processLatencyMarker(LatencyMarker marker) {}

  /** Keys are Node's affair: the key that Flink knows is a hash. */
  @Override
  public void setKeyContextElement(StreamRecord<Tuple2<Integer, byte[]>> element) {}
}
