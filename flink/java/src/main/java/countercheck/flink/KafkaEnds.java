package countercheck.flink;

import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Where a job's rows come in from Kafka and its results go out to it. */
final class KafkaEnds {
  private KafkaEnds() {}

  /** Records of all data splits, packed: RECORDS elements, to be keyed by their first field. */
  static DataStream<Tuple2<Integer, byte[]>> records(StreamExecutionEnvironment environment, Plan plan) {
    int[] keyGroups = plan.splits().stream().mapToInt(Plan.Split::keyGroup).toArray();
    return source(environment, plan, false, "records")
        .transform("pack records", Element.TYPE, new RecordPacker(keyGroups, plan.keyGroups()))
        .uid("record-packer");
  }

  /**
   * Heartbeat rows with their proofs: PROOF elements, a copy for each subtask behind, to be keyed by their first field. Empty
   * where no source has a heartbeat table.
   */
  static Optional<DataStream<Tuple2<Integer, byte[]>>> heartbeats(StreamExecutionEnvironment environment, Plan plan) {
    if (plan.splits().stream().noneMatch(Plan.Split::heartbeat)) return Optional.empty();
    return Optional.of(source(environment, plan, true, "heartbeats")
        .setParallelism(1)
        .transform("prove frontiers", Element.TYPE, new ProofOperator(plan.splits(), KafkaClients.reading(plan, "proofs")))
        .uid("proofs")
        .setParallelism(1));
  }

  /** Writes payloads of RECORD frames, exactly once. */
  static void sink(DataStream<byte[]> results, Plan plan) {
    List<String> topics = plan.sinks().stream().map(Plan.Sink::topic).toList();
    KafkaSink<byte[]> sink = KafkaSink.<byte[]>builder()
        .setKafkaProducerConfig(KafkaClients.writing(plan))
        .setRecordSerializer(new ResultSerializer(topics))
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(plan.transactionalIdPrefix())
        // Names are used again, and what a former run left open is found by asking the brokers. The other way has a name for
        // every checkpoint, and a job that begins afresh tries all of them in turn.
        .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
        .build();
    results.sinkTo(sink).name("results").uid("results");
  }

  private static DataStreamSource<RawRecords> source(
      StreamExecutionEnvironment environment, Plan plan, boolean heartbeats, String name) {
    List<Plan.Split> splits = plan.splits().stream().filter(split -> split.heartbeat() == heartbeats).toList();
    // Of heartbeats each has its own time to wait for.
    PlannedSource source = new PlannedSource(splits, new SplitNumbers(plan.splits()), KafkaClients.reading(plan, name), !heartbeats);
    DataStreamSource<RawRecords> records = environment.fromSource(source, WatermarkStrategy.noWatermarks(), name, RawRecordsType.INSTANCE);
    records.uid(name);
    return records;
  }
}
