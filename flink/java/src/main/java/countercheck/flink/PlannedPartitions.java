package countercheck.flink;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.enumerator.subscriber.KafkaSubscriber;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions that a source reads and their first offsets, compared with what the brokers have when the job starts, and now
 * and then while it runs.
 */
final class PlannedPartitions implements KafkaSubscriber, OffsetsInitializer {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(PlannedPartitions.class);

  private final Map<TopicPartition, Plan.Split> splits = new LinkedHashMap<>();
  private transient boolean hasLooked;

  PlannedPartitions(List<Plan.Split> splits) {
    for (Plan.Split split : splits) this.splits.put(new TopicPartition(split.topic(), split.partition()), split);
  }

  Set<TopicPartition> all() {
    return splits.keySet();
  }

  /** Fails where a topic was made anew since it was planned, lacks a partition, or has others that nobody reads. */
  @Override
  public Set<TopicPartition> getSubscribedTopicPartitions(AdminClient admin) {
    Map<String, Integer> planned = new HashMap<>();
    splits.keySet().forEach(one -> planned.merge(one.topic(), one.partition() + 1, Math::max));
    try {
      check(described(admin, planned.keySet()), planned);
    } catch (BrokersAway error) {
      if (!hasLooked) throw error;
      LOG.warn("{} They are looked at again.", error.getMessage());
    }
    hasLooked = true;
    return splits.keySet();
  }

  private void check(Map<String, TopicDescription> described, Map<String, Integer> planned) {
    splits.forEach((partition, split) -> {
      TopicDescription topic = described.get(partition.topic());
      if (!TopicIds.same(topic.topicId(), split.topicId())) {
        throw new IllegalStateException("Topic " + split.topic() + " of source " + split.source()
            + " was deleted and created again since the job was planned: offsets of the former say nothing. Submit the job again, with a new epoch.");
      }
      if (split.partition() >= topic.partitions().size()) {
        throw new IllegalStateException("Topic " + split.topic() + " of source " + split.source() + " has no partition " + split.partition()
            + " any more. Submit the job again, with a new epoch.");
      }
      if (topic.partitions().size() > planned.get(split.topic())) {
        throw new IllegalStateException("Topic " + split.topic() + " of source " + split.source() + " has " + topic.partitions().size()
            + " partitions, and the job reads " + planned.get(split.topic())
            + ": what is in the others would be missing. Cancel the job, and submit it again with --parallelism 1 from its last checkpoint.");
      }
    });
  }

  /** Fails where a log has lost what the job is to begin with. */
  @Override
  public Map<TopicPartition, Long> getPartitionOffsets(
      Collection<TopicPartition> partitions, PartitionOffsetsRetriever brokers) {
    Map<TopicPartition, Long> begins = brokers.beginningOffsets(partitions);
    Map<TopicPartition, Long> ends = brokers.endOffsets(partitions);
    Map<TopicPartition, Long> starts = new HashMap<>();
    for (TopicPartition partition : partitions) {
      Plan.Split split = splits.get(partition);
      long begin = begins.get(partition);
      long end = ends.get(partition);
      if (split.start() < begin || split.start() > end) {
        throw new IllegalStateException("Partition " + split.partition() + " of topic " + split.topic() + " of source " + split.source()
            + " is to be read from offset " + split.start() + " on, and the brokers have " + begin + " to " + end
            + ": " + (split.start() < begin ? "the topic's retention took what was planned" : "it was planned with another log")
            + ". Submit the job again, from a start that is there.");
      }
      starts.put(partition, split.start());
    }
    return starts;
  }

  @Override
  public OffsetResetStrategy getAutoOffsetResetStrategy() {
    return OffsetResetStrategy.NONE;
  }

  private static Map<String, TopicDescription> described(AdminClient admin, Set<String> topics) {
    try {
      return admin.describeTopics(topics).allTopicNames().get();
    } catch (ExecutionException error) {
      throw new BrokersAway("The topics that the job reads cannot be looked at (" + String.join(", ", topics) + "): " + error.getCause().getMessage() + ".", error.getCause());
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", error);
    }
  }

  private static final class BrokersAway extends IllegalStateException {
    private static final long serialVersionUID = 1;

    BrokersAway(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
