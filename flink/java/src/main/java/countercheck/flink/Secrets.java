package countercheck.flink;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigData;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.provider.ConfigProvider;

/**
 * Looks up `${env:NAME}` and `${file:/path}` in the settings of Kafka's clients where and when a client is made, so that no
 * secret is in the job's graph, in what Flink shows of it, or in its checkpoints. Errors name the reference and the settings
 * that have it, never the value.
 */
public final class Secrets implements ConfigProvider {
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{(env|file):([^}]+)\\}");
  private static final String USED = "used.";
  private static final String KIND = "kind";
  private static final String QUOTED = "quoted";

  private final Map<String, String> users = new HashMap<>();
  private String kind;
  private boolean isQuoted;

  /** Tells clients of these settings where to look references up. */
  static void letLookUp(Properties properties) {
    Map<String, Set<String>> users = new LinkedHashMap<>();
    for (String name : properties.stringPropertyNames()) {
      Matcher found = REFERENCE.matcher(properties.getProperty(name));
      while (found.find()) users.computeIfAbsent(found.group(1) + " " + found.group(2), (reference) -> new TreeSet<>()).add(name);
    }
    if (users.isEmpty()) return;
    // In a text of JAAS a secret stands between quotation marks, and may hold some itself.
    String jaas = properties.getProperty(SaslConfigs.SASL_JAAS_CONFIG);
    if (jaas != null) properties.setProperty(SaslConfigs.SASL_JAAS_CONFIG, REFERENCE.matcher(jaas).replaceAll("\\${$1" + QUOTED + ":$2}"));
    for (String provider : List.of("env", "file", "env" + QUOTED, "file" + QUOTED)) {
      String prefix = "config.providers." + provider;
      properties.setProperty(prefix + ".class", Secrets.class.getName());
      properties.setProperty(prefix + ".param." + KIND, provider.startsWith("env") ? "env" : "file");
      properties.setProperty(prefix + ".param." + QUOTED, String.valueOf(provider.endsWith(QUOTED)));
      users.forEach((reference, names) -> {
        String[] parts = reference.split(" ", 2);
        if (provider.startsWith(parts[0])) properties.setProperty(prefix + ".param." + USED + parts[1], String.join(", ", names));
      });
    }
    properties.setProperty("config.providers", "env,file,env" + QUOTED + ",file" + QUOTED);
  }

  @Override
  public void configure(Map<String, ?> parameters) {
    kind = (String) parameters.get(KIND);
    isQuoted = Boolean.parseBoolean((String) parameters.get(QUOTED));
    parameters.forEach((name, value) -> {
      if (name.startsWith(USED)) users.put(name.substring(USED.length()), (String) value);
    });
  }

  @Override
  public ConfigData get(String path) {
    return new ConfigData(Map.of());
  }

  /** Kafka splits what is behind the provider's name at a colon. */
  @Override
  public ConfigData get(String path, Set<String> keys) {
    Map<String, String> values = new HashMap<>();
    for (String key : keys) {
      String name = path == null || path.isEmpty() ? key : path + ":" + key;
      String value = kind.equals("env") ? variable(name) : text(name);
      values.put(key, isQuoted ? quoted(value) : value);
    }
    return new ConfigData(values);
  }

  @Override
  public void close() {}

  private String variable(String name) {
    String value = System.getenv(name);
    if (value != null && !value.isEmpty()) return value;
    throw missing(name, "there is no environment variable of that name", "Set it for Flink's JobManager and TaskManagers.");
  }

  /** Without the line end that editors leave. */
  private String text(String path) {
    try {
      String text = Files.readString(Path.of(path)).replaceFirst("\\r?\\n\\z", "");
      if (!text.isEmpty()) return text;
    } catch (IOException cause) {
      throw missing(path, "the file cannot be read (" + cause.getClass().getSimpleName() + ")", "Put it where Flink's JobManager and TaskManagers run.");
    }
    throw missing(path, "the file is empty", "Write the secret into it.");
  }

  private ConfigException missing(String name, String reason, String remedy) {
    String used = users.getOrDefault(name, "a setting");
    return new ConfigException(
        "${" + kind + ":" + name + "}, which " + used + " of the job's Kafka clients refers to, cannot be looked up on " + host() + ": " + reason + ". " + remedy);
  }

  private static String quoted(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\r", "\\r").replace("\n", "\\n");
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException error) {
      return "this machine";
    }
  }
}
