package countercheck.flink;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.synchronization.FutureCompletingBlockingQueue;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.reader.KafkaSourceReader;
import org.apache.flink.connector.kafka.source.reader.fetcher.KafkaSourceFetcherManager;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.Counter;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the partitions of the plan with Flink's KafkaSource, each from its planned start on or from where a savepoint has it.
 * Partitions that a savepoint does not know begin at their planned start too, where KafkaSource alone would take the log's
 * beginning.
 */
final class PlannedSource
    implements Source<RawRecords, KafkaPartitionSplit, KafkaSourceEnumState>, ResultTypeQueryable<RawRecords> {
  private static final long serialVersionUID = 1;

  private final KafkaSource<RawRecords> kafka;
  private final PlannedPartitions partitions;
  private final SplitNumbers numbers;
  private final Properties reading;
  private final boolean packs;

  /** `packs`: records that come together are handed on together, not one by one. */
  PlannedSource(List<Plan.Split> splits, SplitNumbers numbers, Properties reading, boolean packs) {
    partitions = new PlannedPartitions(splits);
    this.numbers = numbers;
    this.reading = reading;
    this.packs = packs;
    kafka = KafkaSource.<RawRecords>builder()
        .setKafkaSubscriber(partitions)
        .setStartingOffsets(partitions)
        .setDeserializer(new RawRecordDeserializer(numbers))
        .setProperties(unsaid(reading))
        .build();
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<RawRecords, KafkaPartitionSplit> createReader(SourceReaderContext context) throws Exception {
    NativeLz4.load();
    return packs ? packingReader(context) : kafka.createReader(context);
  }

  /** As KafkaSource makes its own. */
  private SourceReader<RawRecords, KafkaPartitionSplit> packingReader(SourceReaderContext context) {
    var metrics = new PackingSplitReader.Metrics(context);
    var fetched = new FutureCompletingBlockingQueue<RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>>>();
    var fetchers = new KafkaSourceFetcherManager(fetched, () -> new PackingSplitReader(reading, context, metrics), finished -> {});
    Counter records = context.metricGroup().getIOMetricGroup().getNumRecordsInCounter();
    Configuration configuration = new Configuration();
    reading.stringPropertyNames().forEach(name -> configuration.setString(name, reading.getProperty(name)));
    // Without a group there is nobody to commit offsets for, and brokers refuse it.
    if (!reading.containsKey(ConsumerConfig.GROUP_ID_CONFIG)) configuration.set(KafkaSourceOptions.COMMIT_OFFSETS_ON_CHECKPOINT, false);
    return new KafkaSourceReader<>(
        fetched, fetchers, new PackEmitter(numbers, metrics, records), configuration, context, metrics);
  }

  /** Without what the partitions say themselves: the connector warns of what is said twice. */
  private static Properties unsaid(Properties reading) {
    Properties properties = new Properties();
    properties.putAll(reading);
    properties.remove(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG);
    return properties;
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context) {
    return kafka.createEnumerator(context);
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState saved) throws Exception {
    Set<TopicPartition> known = new HashSet<>();
    for (Collection<KafkaPartitionSplit> some : List.of(saved.assignedSplits(), saved.unassignedSplits())) {
      for (KafkaPartitionSplit split : some) known.add(split.getTopicPartition());
    }
    List<KafkaPartitionSplit> unassigned = new ArrayList<>(saved.unassignedSplits());
    for (TopicPartition partition : partitions.all()) {
      // This start says that its offset is still to be asked for, as at a first start.
      if (!known.contains(partition)) unassigned.add(new KafkaPartitionSplit(partition, KafkaPartitionSplit.MIGRATED));
    }
    return kafka.restoreEnumerator(
        context, new KafkaSourceEnumState(saved.assignedSplits(), unassigned, saved.initialDiscoveryFinished()));
  }

  @Override
  public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
    return kafka.getSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
    return kafka.getEnumeratorCheckpointSerializer();
  }

  @Override
  public TypeInformation<RawRecords> getProducedType() {
    return RawRecordsType.INSTANCE;
  }
}
