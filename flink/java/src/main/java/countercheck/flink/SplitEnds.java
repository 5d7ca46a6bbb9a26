package countercheck.flink;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Asks the brokers where the splits of a source end: for each the offset behind its last record that can be read, 0 for one
 * that has none. Who has read so far has read everything that was written before the question. For one thread.
 */
final class SplitEnds implements AutoCloseable {
  private static final String FETCH_WAIT_MS = "5";

  private final Admin admin;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final BackwardSearch search;

  SplitEnds(Properties reading) {
    admin = Admin.create(reading);
    try {
      consumer = new KafkaConsumer<>(atOnce(reading));
    } catch (RuntimeException | Error error) {
      admin.close(Duration.ZERO);
      throw error;
    }
    search = new BackwardSearch(consumer);
  }

  /**
   * What is searched is there. A fetch that waited at the end of one source's logs, having been sent on in advance, would
   * hold up the search in the next one's.
   */
  private static Properties atOnce(Properties reading) {
    Properties properties = new Properties();
    properties.putAll(reading);
    properties.setProperty(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MS);
    return properties;
  }

  /** Begins to ask for the ends that the splits have now. */
  Question ask(List<Plan.Split> splits) throws Refusal, InterruptedException {
    requireSameTopics(splits);
    List<TopicPartition> partitions = new ArrayList<>();
    for (Plan.Split split : splits) partitions.add(new TopicPartition(split.topic(), split.partition()));
    // What is still in a transaction counts: the row that it is to prove may have been committed behind it.
    return new Question(partitions, offsets(partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED));
  }

  /** The brokers were found unlike what the search knows of them. */
  void forget() {
    search.forget();
  }

  /** From another thread: what is under way ends with an error. */
  void wakeUp() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
    consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ZERO));
  }

  /** A source that cannot be proven as it was planned; the message says why, and what is to be done. */
  static final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    Refusal(String message) {
      super(message);
    }
  }

  /** What was asked of one source. */
  final class Question {
    private final List<TopicPartition> partitions;
    private final Map<TopicPartition, Long> highWatermarks;

    private Question(List<TopicPartition> partitions, Map<TopicPartition, Long> highWatermarks) {
      this.partitions = partitions;
      this.highWatermarks = highWatermarks;
    }

    /** In the order of the splits; null while a transaction is open that had begun before the question. */
    long[] answer() throws InterruptedException {
      Map<TopicPartition, Long> stable = offsets(partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED);
      for (TopicPartition partition : partitions) {
        if (stable.get(partition) < highWatermarks.get(partition)) return null;
      }
      List<TopicPartition> unknown = partitions.stream().filter(search::needsBegin).toList();
      search.begins(unknown.isEmpty() ? Map.of() : offsets(unknown, OffsetSpec.earliest(), IsolationLevel.READ_UNCOMMITTED));
      Map<TopicPartition, Long> ends = search.lastReadable(highWatermarks);
      return partitions.stream().mapToLong(ends::get).toArray();
    }
  }

  private void requireSameTopics(List<Plan.Split> splits) throws Refusal, InterruptedException {
    Map<String, List<Plan.Split>> byTopic = splits.stream().collect(Collectors.groupingBy(Plan.Split::topic));
    Map<String, TopicDescription> topics = topics(byTopic.keySet());
    for (Map.Entry<String, List<Plan.Split>> planned : byTopic.entrySet()) {
      TopicDescription topic = topics.get(planned.getKey());
      if (!TopicIds.same(topic.topicId(), planned.getValue().get(0).topicId())) {
        throw new Refusal("topic " + planned.getKey() + " was deleted and created again: submit the job again, with a new epoch");
      }
      int partitions = topic.partitions().size();
      if (partitions > planned.getValue().size()) {
        throw new Refusal("topic " + planned.getKey() + " has " + partitions + " partitions, and the job reads "
            + planned.getValue().size() + ": stop the job with a savepoint, and submit it again from there");
      }
    }
  }

  private Map<String, TopicDescription> topics(Set<String> names) throws Refusal, InterruptedException {
    try {
      return result(admin.describeTopics(names).allTopicNames());
    } catch (UnknownTopicOrPartitionException error) {
      throw new Refusal("a topic of it is gone (" + String.join(", ", names) + ")");
    }
  }

  private Map<TopicPartition, Long> offsets(List<TopicPartition> partitions, OffsetSpec which, IsolationLevel isolation)
      throws InterruptedException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    for (TopicPartition partition : partitions) wanted.put(partition, which);
    Map<TopicPartition, Long> offsets = new HashMap<>();
    result(admin.listOffsets(wanted, new ListOffsetsOptions(isolation)).all())
        .forEach((partition, found) -> offsets.put(partition, found.offset()));
    return offsets;
  }

  private static <T> T result(KafkaFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException error) {
      if (error.getCause() instanceof RuntimeException cause) throw cause;
      throw new KafkaException(error.getCause());
    }
  }
}
