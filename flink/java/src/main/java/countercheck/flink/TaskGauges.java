package countercheck.flink;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** What a task counts, as gauges: a group for each operator's uid or source's name. */
final class TaskGauges {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final MetricGroup metrics;
  private final Map<String, Map<String, Number>> values = new ConcurrentHashMap<>();

  TaskGauges(MetricGroup metrics) {
    this.metrics = metrics;
  }

  /** Takes in a list of names with their values. */
  void update(byte[] json) throws IOException {
    for (JsonNode counted : JSON.readTree(json)) {
      String name = counted.get("name").asText();
      Map<String, Number> current = values.computeIfAbsent(name, (added) -> new ConcurrentHashMap<>());
      counted.get("values").fields().forEachRemaining(value -> {
        // JSON has no form for a frontier that is not known yet.
        if (!value.getValue().isNumber()) return;
        if (current.put(value.getKey(), value.getValue().numberValue()) == null) register(name, value.getKey(), current);
      });
    }
  }

  private void register(String name, String value, Map<String, Number> current) {
    metrics.addGroup(name).gauge(value, (Gauge<Number>) () -> current.get(value));
  }
}
