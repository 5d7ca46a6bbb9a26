package countercheck.flink;

import java.io.Serializable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says once that records are passed over: of partitions that are no more in the plan, which a savepoint may still have. */
final class PassedOver implements Serializable {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(PassedOver.class);

  private transient boolean hasWarned;

  void tell(String topic, int partition) {
    if (hasWarned) return;
    hasWarned = true;
    LOG.warn(
        "Partition {} of topic {} is not in the job's plan any more; what the savepoint goes on to read of it is passed over.",
        partition, topic);
  }
}
