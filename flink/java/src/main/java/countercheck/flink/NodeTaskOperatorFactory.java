package countercheck.flink;

import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/** Makes the operator that hosts a task of the plan. */
final class NodeTaskOperatorFactory extends AbstractStreamOperatorFactory<byte[]> {
  private final HostedTask hosted;

  NodeTaskOperatorFactory(HostedTask hosted) {
    this.hosted = hosted;
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T extends StreamOperator<byte[]>> T createStreamOperator(StreamOperatorParameters<byte[]> parameters) {
    return (T) new NodeTaskOperator(parameters, hosted);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return NodeTaskOperator.class;
  }
}
