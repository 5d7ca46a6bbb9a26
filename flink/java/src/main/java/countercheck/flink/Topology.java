package countercheck.flink;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.datastream.MultipleConnectedStreams;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.KeyedMultipleInputTransformation;

/** The plan as Flink's streams: sources, an operator for each task behind keyed exchanges, one sink for all results. */
final class Topology {
  private final StreamExecutionEnvironment environment;
  private final Plan plan;
  private final List<SingleOutputStreamOperator<byte[]>> tasks = new ArrayList<>();

  private Topology(StreamExecutionEnvironment environment, Plan plan) {
    this.environment = environment;
    this.plan = plan;
  }

  static void build(StreamExecutionEnvironment environment, Plan plan) {
    Topology topology = new Topology(environment, plan);
    for (int number = 0; number < plan.tasks().size(); number++) topology.add(number);
    if (plan.sinks().isEmpty()) return;
    SingleOutputStreamOperator<byte[]> first = topology.tasks.get(0);
    KafkaEnds.sink(first.union(topology.tasks.stream().skip(1).toArray(DataStream[]::new)), plan);
  }

  private void add(int number) {
    Plan.Task task = plan.tasks().get(number);
    List<DataStream<Tuple2<Integer, byte[]>>> inputs = number == 0 ? sources() : outputs(task.inputs());
    HostedTask hosted = new HostedTask(plan.job(), number, inputs.size(), task.outputs(), plan.child());
    KeyedMultipleInputTransformation<byte[]> transformation = new KeyedMultipleInputTransformation<>(
        task.title(), new NodeTaskOperatorFactory(hosted), PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO,
        environment.getParallelism(), Types.INT);
    for (DataStream<Tuple2<Integer, byte[]>> input : inputs) {
      KeyedStream<Tuple2<Integer, byte[]>, Integer> keyed = input.keyBy(element -> element.f0, Types.INT);
      transformation.addInput(keyed.getTransformation(), keyed.getKeySelector());
    }
    tasks.add(new MultipleConnectedStreams(environment).transform(transformation).uid(task.uid()));
  }

  /** Records, and heartbeats with their proofs where a source has any. */
  private List<DataStream<Tuple2<Integer, byte[]>>> sources() {
    List<DataStream<Tuple2<Integer, byte[]>>> sources = new ArrayList<>();
    sources.add(KafkaEnds.records(environment, plan));
    KafkaEnds.heartbeats(environment, plan).ifPresent(sources::add);
    return sources;
  }

  private List<DataStream<Tuple2<Integer, byte[]>>> outputs(List<Plan.Input> inputs) {
    List<DataStream<Tuple2<Integer, byte[]>>> outputs = new ArrayList<>();
    for (Plan.Input input : inputs) outputs.add(tasks.get(input.task()).getSideOutput(HostedTask.tag(input.output())));
    return outputs;
  }
}
