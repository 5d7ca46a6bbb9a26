package countercheck.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The payment–settlement check as a Java programmer writes it with Flink's DataStream API. Arguments: brokers, prefix of the
 * topics, topic of the verdicts, folder of the schemas, folder of the checkpoints, then settings of Flink as key=value.
 */
public final class PaymentSettlement {
  private PaymentSettlement() {}

  public static void main(String[] args) throws Exception {
    String brokers = args[0];
    String prefix = args[1];
    String results = args[2];
    Map<Integer, String> schemas = Schemas.in(Path.of(args[3]));
    Configuration settings = new Configuration();
    settings.setString("execution.checkpointing.dir", Path.of(args[4]).toUri().toString());
    settings.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
    settings.setString("pipeline.object-reuse", "true");
    settings.setString("pipeline.generic-types", "false");
    for (int i = 5; i < args.length; i++) {
      int equals = args[i].indexOf('=');
      settings.setString(args[i].substring(0, equals), args[i].substring(equals + 1));
    }
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(settings);
    // MariaDB's times are those of statements, PostgreSQL's those of commits.
    DataStream<Change> payments =
        environment
            .fromSource(
                source(brokers, prefix + "maria.shop.payments", Change.CAPTURED, schemas),
                watermarks(Duration.ofSeconds(10)),
                "payments")
            .uid("payments");
    DataStream<Change> lines =
        environment
            .fromSource(
                source(brokers, prefix + "pg.public.settlement_lines", Change.SETTLED, schemas),
                watermarks(Duration.ZERO),
                "lines")
            .uid("lines");
    payments
        .filter(change -> change.count != 0)
        .union(lines)
        .keyBy(change -> change.payment, Types.LONG)
        .process(new Reconcile(), new FlatType<>(Verdict.class, new VerdictSerializer()))
        .name("reconcile")
        .uid("reconcile")
        .sinkTo(sink(brokers, results))
        .name("verdicts")
        .uid("verdicts");
    environment.execute("payment-settlement in Java");
  }

  private static KafkaSource<Change> source(String brokers, String topic, byte side, Map<Integer, String> schemas) {
    return KafkaSource.<Change>builder()
        .setBootstrapServers(brokers)
        .setTopics(topic)
        .setGroupId("peers")
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setDeserializer(new ChangeDecoder(side, schemas))
        .setProperty("isolation.level", "read_committed")
        .setProperty("commit.offsets.on.checkpoint", "false")
        .setProperty("max.poll.records", "2000")
        .build();
  }

  private static WatermarkStrategy<Change> watermarks(Duration disorder) {
    return WatermarkStrategy.<Change>forBoundedOutOfOrderness(disorder)
        .withTimestampAssigner((change, time) -> change.changedAt);
  }

  private static KafkaSink<Verdict> sink(String brokers, String topic) {
    KafkaRecordSerializationSchema<Verdict> records =
        (verdict, context, timestamp) -> new ProducerRecord<>(topic, verdict.key(), verdict.json());
    return KafkaSink.<Verdict>builder()
        .setBootstrapServers(brokers)
        .setRecordSerializer(records)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(topic)
        .setProperty("transaction.timeout.ms", "600000")
        .setProperty("compression.type", "lz4")
        .build();
  }
}
