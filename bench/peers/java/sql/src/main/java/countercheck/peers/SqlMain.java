package countercheck.peers;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * The payment–settlement check in Flink's SQL. Arguments: brokers, prefix of the topics, topic of the verdicts, folder of the
 * schemas, folder of the checkpoints, files of the tables and of the query, then settings of Flink as key=value.
 */
public final class SqlMain {
  private SqlMain() {}

  public static void main(String[] args) throws Exception {
    Configuration settings = new Configuration();
    settings.setString("execution.checkpointing.dir", Path.of(args[4]).toUri().toString());
    settings.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
    settings.setString("pipeline.object-reuse", "true");
    settings.setString("table.local-time-zone", "UTC");
    for (int i = 7; i < args.length; i++) {
      int equals = args[i].indexOf('=');
      settings.setString(args[i].substring(0, equals), args[i].substring(equals + 1));
    }
    StreamTableEnvironment tables =
        StreamTableEnvironment.create(StreamExecutionEnvironment.getExecutionEnvironment(settings));
    String ddl =
        Files.readString(Path.of(args[5]))
            .replace("${BROKERS}", args[0])
            .replace("${PREFIX}", args[1])
            .replace("${RESULTS}", args[2])
            .replace("${SCHEMAS}", args[3]);
    for (String statement : ddl.split(";\\s*\\n")) if (!statement.isBlank()) tables.executeSql(statement);
    tables.executeSql(Files.readString(Path.of(args[6])).replaceFirst(";\\s*$", ""));
  }
}
