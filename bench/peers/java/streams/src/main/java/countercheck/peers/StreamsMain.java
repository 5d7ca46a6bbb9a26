package countercheck.peers;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.StreamPartitioner;

/**
 * The payment–settlement check as a Java programmer writes it with Kafka Streams: tables come by their own keys, so that
 * changes go through a topic by payment, where processors with RocksDB stores judge them. Arguments: brokers, prefix of the
 * topics, topic of the verdicts, folder of the schemas, folder of the state, application id, partitions of the tables. Prints
 * how many records have gone all the way, a line of JSON each time.
 */
public final class StreamsMain {
  private static final long TELL_MS = 100;

  private StreamsMain() {}

  public static void main(String[] args) throws Exception {
    Map<Integer, String> schemas = Schemas.in(Path.of(args[3]));
    int partitions = Integer.parseInt(args[6]);
    Progress progress = new Progress();
    KafkaStreams streams =
        new KafkaStreams(topology(args[1], args[2], schemas, partitions, progress), settings(args[0], args[4], args[5]));
    streams.setUncaughtExceptionHandler(
        failure -> {
          failure.printStackTrace();
          Runtime.getRuntime().halt(1);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    for (; ; Thread.sleep(TELL_MS)) System.out.println("{\"read\":" + progress.done() + "}");
  }

  private static Topology topology(
      String prefix, String results, Map<Integer, String> schemas, int partitions, Progress progress) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<Long, Change> payments =
        table(builder, prefix + "maria.shop.payments", Change.CAPTURED, schemas, progress);
    KStream<Long, Change> lines =
        table(builder, prefix + "pg.public.settlement_lines", Change.SETTLED, schemas, progress);
    payments
        // One task reads a partition of each table, the oldest record first.
        .merge(lines)
        .repartition(
            Repartitioned.<Long, Change>as("changes")
                .withKeySerde(Serdes.Long())
                .withValueSerde(new ChangeSerde())
                .withNumberOfPartitions(partitions)
                .withStreamPartitioner(clocksToAll()))
        .process(new ReconcileSupplier(partitions, progress))
        .to(results, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
    return builder.build();
  }

  private static KStream<Long, Change> table(
      StreamsBuilder builder, String topic, byte side, Map<Integer, String> schemas, Progress progress) {
    return builder.stream(topic, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
        .process(() -> new ReadChanges(side, schemas, progress));
  }

  /** What time it is concerns all who judge; a change goes where its payment is. */
  private static StreamPartitioner<Long, Change> clocksToAll() {
    return new StreamPartitioner<>() {
      private Set<Integer> all = Set.of();

      @Override
      public Optional<Set<Integer>> partitions(String topic, Long key, Change change, int count) {
        if (change.side != ChangeSerde.CLOCK) return Optional.empty();
        if (all.size() != count) all = IntStream.range(0, count).boxed().collect(Collectors.toSet());
        return Optional.of(all);
      }
    };
  }

  private static Properties settings(String brokers, String folder, String application) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    // What threads are called after.
    settings.put(StreamsConfig.CLIENT_ID_CONFIG, "streams");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 10_000);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    // A payment's second change mostly comes while its first is still held for the commit.
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256 << 20);
    settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 2_000);
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    settings.put(StreamsConfig.producerPrefix("transaction.timeout.ms"), 120_000);
    return settings;
  }
}
