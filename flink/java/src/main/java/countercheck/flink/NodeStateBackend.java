package countercheck.flink;

import java.util.Collection;
import java.util.List;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendFactory;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;

/**
 * Flink's own state, which is small, on the heap. Keyed state in files is Node's, and left to the operator that hosts the task:
 * only managed keyed state may share files between checkpoints, and the heap's backend refuses it.
 */
public final class NodeStateBackend implements StateBackend {
  private static final long serialVersionUID = 1;

  private final HashMapStateBackend heap = new HashMapStateBackend();

  @Override
  public <K> CheckpointableKeyedStateBackend<K> createKeyedStateBackend(KeyedStateBackendParameters<K> parameters)
      throws Exception {
    Collection<KeyedStateHandle> all = parameters.getStateHandles();
    List<KeyedStateHandle> own =
        all.stream().filter(handle -> !(handle instanceof IncrementalRemoteKeyedStateHandle)).toList();
    return heap.createKeyedStateBackend(new KeyedStateBackendParametersImpl<>(parameters).setStateHandles(own));
  }

  @Override
  public OperatorStateBackend createOperatorStateBackend(OperatorStateBackendParameters parameters) throws Exception {
    return heap.createOperatorStateBackend(parameters);
  }

  /** The first checkpoint of a run names no file of another. */
  @Override
  public boolean supportsNoClaimRestoreMode() {
    return true;
  }

  @Override
  public boolean supportsSavepointFormat(SavepointFormatType format) {
    return heap.supportsSavepointFormat(format);
  }

  /** What the configuration names. */
  public static final class Factory implements StateBackendFactory<NodeStateBackend> {
    @Override
    public NodeStateBackend createFromConfig(ReadableConfig config, ClassLoader loader) {
      return new NodeStateBackend();
    }
  }
}
