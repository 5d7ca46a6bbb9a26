import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own client, told line by line what to do. Bytes are hex with an x in front, so that none differ from null, which
 * is a hyphen. Each command is answered by lines and at last by `ok` or `error <what>`.
 */
public final class KafkaOracle {
  private static final HexFormat HEX = HexFormat.of();
  private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
  private static final Map<String, KafkaProducer<byte[], byte[]>> PRODUCERS = new HashMap<>();

  public static void main(String[] args) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        run(args[0], line.split(" "));
        OUT.println("ok");
      } catch (Exception e) {
        OUT.println("error " + e.toString().replace('\n', ' '));
      }
      OUT.flush();
    }
  }

  private static void run(String brokers, String[] words) throws Exception {
    switch (words[0]) {
      case "open" -> PRODUCERS.put(words[1], open(brokers, words[2], words[3]));
      case "begin" -> PRODUCERS.get(words[1]).beginTransaction();
      case "send" -> PRODUCERS.get(words[1]).send(record(words));
      case "partition" -> OUT.println(PRODUCERS.get(words[1]).send(keyed(words)).get().partition());
      case "flush" -> PRODUCERS.get(words[1]).flush();
      case "commit" -> PRODUCERS.get(words[1]).commitTransaction();
      case "abort" -> PRODUCERS.get(words[1]).abortTransaction();
      case "close" -> PRODUCERS.remove(words[1]).close();
      case "read" -> read(brokers, new TopicPartition(words[1], Integer.parseInt(words[2])));
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  /** open NAME COMPRESSION TRANSACTIONAL-ID */
  private static KafkaProducer<byte[], byte[]> open(String brokers, String compression, String transactionalId) {
    Properties config = new Properties();
    config.put("bootstrap.servers", brokers);
    config.put("compression.type", compression);
    config.put("linger.ms", "5");
    config.put("max.request.size", "4000000");
    if (!transactionalId.equals("-")) config.put("transactional.id", transactionalId);
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    if (!transactionalId.equals("-")) producer.initTransactions();
    return producer;
  }

  /** send NAME TOPIC PARTITION TIMESTAMP KEY VALUE [HEADER VALUE]... */
  private static ProducerRecord<byte[], byte[]> record(String[] words) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            words[2], Integer.parseInt(words[3]), Long.parseLong(words[4]), bytes(words[5]), bytes(words[6]));
    for (int i = 7; i < words.length; i += 2)
      record.headers().add(new String(bytes(words[i]), StandardCharsets.UTF_8), bytes(words[i + 1]));
    return record;
  }

  /** partition NAME TOPIC KEY */
  private static ProducerRecord<byte[], byte[]> keyed(String[] words) {
    return new ProducerRecord<>(words[2], bytes(words[3]), null);
  }

  /** read TOPIC PARTITION: all that is committed, also of transactions whose marks are still being written. */
  private static void read(String brokers, TopicPartition partition) {
    long end;
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(brokers, "read_uncommitted")) {
      end = consumer.endOffsets(List.of(partition)).get(partition);
    }
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(brokers, "read_committed")) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      while (consumer.position(partition) < end)
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) print(record);
    }
  }

  private static KafkaConsumer<byte[], byte[]> consumer(String brokers, String isolation) {
    Properties config = new Properties();
    config.put("bootstrap.servers", brokers);
    config.put("isolation.level", isolation);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static void print(ConsumerRecord<byte[], byte[]> record) {
    StringBuilder line = new StringBuilder();
    line.append(record.offset()).append(' ').append(record.timestamp());
    line.append(' ').append(hex(record.key())).append(' ').append(hex(record.value()));
    for (Header header : record.headers())
      line.append(' ').append(hex(header.key().getBytes(StandardCharsets.UTF_8))).append(' ').append(hex(header.value()));
    OUT.println(line);
  }

  private static byte[] bytes(String word) {
    return word.equals("-") ? null : HEX.parseHex(word, 1, word.length());
  }

  private static String hex(byte[] bytes) {
    return bytes == null ? "-" : "x" + HEX.formatHex(bytes);
  }
}
