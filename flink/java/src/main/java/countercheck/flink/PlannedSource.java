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
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the partitions of the plan with Flink's KafkaSource, each from its planned start on or from where a savepoint has it.
 * Partitions that a savepoint does not know begin at their planned start too, where KafkaSource alone would take the log's
 * beginning.
 */
final class PlannedSource
    implements Source<RawRecord, KafkaPartitionSplit, KafkaSourceEnumState>, ResultTypeQueryable<RawRecord> {
  private static final long serialVersionUID = 1;

  private final KafkaSource<RawRecord> kafka;
  private final PlannedPartitions partitions;

  PlannedSource(List<Plan.Split> splits, SplitNumbers numbers, Properties reading) {
    partitions = new PlannedPartitions(splits);
    kafka = KafkaSource.<RawRecord>builder()
        .setKafkaSubscriber(partitions)
        .setStartingOffsets(partitions)
        .setDeserializer(new RawRecordDeserializer(numbers))
        .setProperties(reading)
        .build();
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<RawRecord, KafkaPartitionSplit> createReader(SourceReaderContext context) throws Exception {
    return kafka.createReader(context);
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
  public TypeInformation<RawRecord> getProducedType() {
    return RawRecordType.INSTANCE;
  }
}
