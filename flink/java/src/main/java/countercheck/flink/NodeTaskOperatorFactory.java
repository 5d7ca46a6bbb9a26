package countercheck.flink;

import java.util.List;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/** Makes the operator of a task: the command starts its child, which connects to the socket named by the last argument. */
public final class NodeTaskOperatorFactory extends AbstractStreamOperatorFactory<Tuple2<String, byte[]>> {
  private final List<String> command;
  private final int inputs;

  public NodeTaskOperatorFactory(List<String> command, int inputs) {
    this.command = List.copyOf(command);
    this.inputs = inputs;
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T extends StreamOperator<Tuple2<String, byte[]>>> T createStreamOperator(
      StreamOperatorParameters<Tuple2<String, byte[]>> parameters) {
    return (T) new NodeTaskOperator(parameters, command, inputs);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return NodeTaskOperator.class;
  }
}
