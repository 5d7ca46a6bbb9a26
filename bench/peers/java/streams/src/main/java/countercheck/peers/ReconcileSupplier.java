package countercheck.peers;

import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Makes what judges, with the store that it needs. */
final class ReconcileSupplier implements ProcessorSupplier<Long, Change, byte[], byte[]> {
  private final int origins;
  private final Progress progress;

  /** <code>origins</code>: how many tasks send changes. */
  ReconcileSupplier(int origins, Progress progress) {
    this.origins = origins;
    this.progress = progress;
  }

  @Override
  public Processor<Long, Change, byte[], byte[]> get() {
    return new Reconcile(origins, progress);
  }

  @Override
  public Set<StoreBuilder<?>> stores() {
    return Set.of(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(Reconcile.ACCOUNTS), Serdes.Long(), new AccountSerde())
            .withCachingEnabled());
  }
}
