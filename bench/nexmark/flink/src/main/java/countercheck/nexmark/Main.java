package countercheck.nexmark;

import java.io.BufferedWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.TableDescriptor;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/**
 * Runs one query over a file of events with parallelism 1 and prints one line of JSON.
 *
 * <p>Arguments: file of events; file of the table's DDL; file of the query; folder for checkpoints; ms that the stream stays
 * open behind its last event; file that the result goes to, or <code>-</code> for a blackhole; settings as
 * <code>key=value</code>.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws Exception {
    var settings = Arrays.copyOfRange(args, 6, args.length);
    var environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration(args[3], settings));
    var tables = StreamTableEnvironment.create(environment);
    run(tables, Files.readString(Path.of(args[1])).replace("${PATH}", args[0]).replace("${LINGER_MS}", args[4]));
    String[] statements = Files.readString(Path.of(args[2])).split(";\\s*\\n");
    for (int i = 0; i < statements.length - 1; i++) run(tables, statements[i]);
    Table query = tables.sqlQuery(statements[statements.length - 1].replaceFirst(";\\s*$", ""));
    if (System.getenv("NEXMARK_EXPLAIN") != null) System.err.println(query.explain());
    long startedAt = System.nanoTime();
    if (args[5].equals("-")) query.insertInto(TableDescriptor.forConnector("blackhole").build()).execute().await();
    else collect(query, Path.of(args[5]));
    System.out.println(Progress.json((System.nanoTime() - startedAt) / 1e9));
    System.exit(0);
  }

  /** What nexmark-flink's config.yaml sets, but for checkpoints every 10 s in the place of 3 min, and one slot. */
  private static Configuration configuration(String checkpoints, String[] more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("parallelism.default", "1");
    settings.put("state.backend.type", "rocksdb");
    settings.put("execution.checkpointing.storage", "filesystem");
    settings.put("execution.checkpointing.dir", Path.of(checkpoints).toUri().toString());
    settings.put("execution.checkpointing.incremental", "true");
    settings.put("execution.checkpointing.interval", "10 s");
    settings.put("execution.checkpointing.mode", "EXACTLY_ONCE");
    settings.put("execution.checkpointing.checkpoints-after-tasks-finish", "false");
    settings.put("table.exec.mini-batch.enabled", "true");
    settings.put("table.exec.mini-batch.allow-latency", "2 s");
    settings.put("table.exec.mini-batch.size", "50000");
    settings.put("table.optimizer.distinct-agg.split.enabled", "true");
    settings.put("table.local-time-zone", "UTC");
    settings.put("taskmanager.memory.managed.size", "1 gb");
    settings.put("taskmanager.numberOfTaskSlots", "1");
    settings.put("restart-strategy.type", "disable");
    for (String setting : more) {
      int at = setting.indexOf('=');
      settings.put(setting.substring(0, at), setting.substring(at + 1));
    }
    return Configuration.fromMap(settings);
  }

  private static void run(StreamTableEnvironment tables, String statements) {
    for (String statement : statements.split(";\\s*\\n")) if (!statement.isBlank()) tables.executeSql(statement);
  }

  /** Writes the rows that are left when the changelog has been gone through, one a line, its fields by tabs. */
  private static void collect(Table query, Path target) throws Exception {
    Map<String, Integer> rows = new HashMap<>();
    try (CloseableIterator<Row> changes = query.execute().collect()) {
      while (changes.hasNext()) {
        Row row = changes.next();
        int sign = row.getKind().shortString().equals("+I") || row.getKind().shortString().equals("+U") ? 1 : -1;
        rows.merge(lineOf(row), sign, (left, right) -> left + right == 0 ? null : left + right);
      }
    }
    try (BufferedWriter writer = Files.newBufferedWriter(target)) {
      for (var row : rows.entrySet()) writer.write(row.getValue() + "\t" + row.getKey() + "\n");
    }
  }

  private static String lineOf(Row row) {
    return IntStream.range(0, row.getArity()).mapToObj(i -> textOf(row.getField(i))).collect(Collectors.joining("\t"));
  }

  private static String textOf(Object value) {
    if (value instanceof LocalDateTime time) return String.valueOf(time.toInstant(ZoneOffset.UTC).toEpochMilli());
    if (value instanceof BigDecimal decimal) return decimal.toPlainString();
    return String.valueOf(value);
  }
}
