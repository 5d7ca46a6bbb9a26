package countercheck.flink;

import java.util.Map;
import java.util.Properties;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Settings of Kafka's clients: what the plan has, and what the job cannot do without. References to secrets stay references. */
final class KafkaClients {
  /** As long as brokers allow unless they are configured otherwise: a transaction must survive a restart of the job. */
  private static final String TRANSACTION_TIMEOUT_MS = "900000";

  /** What one poll gives at most: as it is packed at once, more than the default, which hands out few at a time. */
  private static final String POLLED_RECORDS = "2000";

  /** At the topics: whether they are as planned. */
  private static final String LOOK_EVERY_MS = "10000";

  private KafkaClients() {}

  /** Of those that read; `part` of the job tells them apart in the brokers' logs. */
  static Properties reading(Plan plan, String part) {
    Properties properties = new Properties();
    properties.setProperty(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLLED_RECORDS);
    properties.putAll(plan.reading());
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    // A log that has lost what comes next is an error, never a place to go on from.
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.setProperty(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
    properties.setProperty(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
    properties.setProperty(KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key(), LOOK_EVERY_MS);
    properties.setProperty(KafkaSourceOptions.CLIENT_ID_PREFIX.key(), plan.job() + "-" + part);
    properties.setProperty(CommonClientConfigs.CLIENT_ID_CONFIG, plan.job() + "-" + part);
    Secrets.letLookUp(properties);
    return properties;
  }

  static Properties writing(Plan plan) {
    Properties properties = new Properties();
    properties.setProperty(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    properties.setProperty(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_TIMEOUT_MS);
    for (Map.Entry<String, String> own : plan.writing().entrySet()) properties.setProperty(own.getKey(), own.getValue());
    properties.setProperty(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    properties.setProperty(ProducerConfig.ACKS_CONFIG, "all");
    properties.setProperty(CommonClientConfigs.CLIENT_ID_CONFIG, plan.job() + "-results");
    Secrets.letLookUp(properties);
    return properties;
  }
}
