package countercheck.flink;

import java.nio.file.Path;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs the job whose plan is on the class path in a Flink of this JVM, for development. Arguments: the folder of checkpoints,
 * the parallelism, the port of Flink's REST API, and the savepoint to go on from, if any.
 */
public final class LocalRun {
  private LocalRun() {}

  public static void main(String[] args) throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, Path.of(args[0]).toUri().toString());
    configuration.set(RestOptions.PORT, Integer.parseInt(args[2]));
    if (args.length > 3) configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, args[3]);
    ClusterJob.run(StreamExecutionEnvironment.createLocalEnvironment(Integer.parseInt(args[1]), configuration));
  }
}
