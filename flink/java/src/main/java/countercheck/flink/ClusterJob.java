package countercheck.flink;

import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateChangelogOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Submits the job whose plan is in the jar. What the job needs of Flink is set here; the cluster says the rest. */
public final class ClusterJob {
  private static final int TOLERATED_FAILED_CHECKPOINTS = 10;

  private ClusterJob() {}

  /**
   * Starts the job. With arguments it looks at a savepoint besides, for who asks for no more than the job's plan: its place,
   * and true where state may be left behind.
   */
  public static void main(String[] args) throws Exception {
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    Plan plan = built(environment);
    if (args.length > 0) SavepointLook.require(environment, args[0], Boolean.parseBoolean(args[1]));
    environment.execute(plan.job());
  }

  static void run(StreamExecutionEnvironment environment) throws Exception {
    environment.execute(built(environment).job());
  }

  private static Plan built(StreamExecutionEnvironment environment) throws Exception {
    Plan plan = Plan.load();
    configure(environment, plan);
    Topology.build(environment, plan);
    return plan;
  }

  private static void configure(StreamExecutionEnvironment environment, Plan plan) {
    ReadableConfig cluster = environment.getConfiguration();
    if (cluster.getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY).isEmpty()) {
      throw new IllegalStateException("This Flink has no place for checkpoints: set " + CheckpointingOptions.CHECKPOINTS_DIRECTORY.key()
          + " to a folder that the JobManager and all TaskManagers reach, such as s3://… or file:///… on a shared volume.");
    }
    Configuration own = new Configuration();
    own.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(plan.checkpoints().everyMs()));
    own.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, Duration.ofMillis(plan.checkpoints().timeoutMs()));
    own.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    own.set(CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION, ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    // A control element in flight has its copies made for the subtasks that there were, and rows that were handed over are in
    // a process only: neither may be in a checkpoint.
    own.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    own.set(CheckpointingOptions.ALIGNED_CHECKPOINT_TIMEOUT, Duration.ZERO);
    // State is in Node, and nothing may stand in front of what takes it to checkpoints.
    own.set(StateBackendOptions.STATE_BACKEND, NodeStateBackend.Factory.class.getName());
    own.set(StateChangelogOptions.ENABLE_STATE_CHANGE_LOG, false);
    own.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    own.set(PipelineOptions.OBJECT_REUSE, true);
    own.set(PipelineOptions.GENERIC_TYPES, false);
    own.set(PipelineOptions.MAX_PARALLELISM, plan.keyGroups());
    own.set(PipelineOptions.GLOBAL_JOB_PARAMETERS, plan.facts());
    unlessGiven(cluster, own, CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, TOLERATED_FAILED_CHECKPOINTS);
    // Elements are batches already, each worth a message; and a task whose rows wait in Node for their ticket takes no more in.
    own.set(ExecutionOptions.BUFFER_TIMEOUT_ENABLED, true);
    own.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ZERO);
    if (cluster.getOptional(RestartStrategyOptions.RESTART_STRATEGY).isEmpty()) {
      own.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
      own.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF, Duration.ofSeconds(1));
      own.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF, Duration.ofMinutes(1));
      own.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_RESET_BACKOFF_THRESHOLD, Duration.ofMinutes(10));
    }
    environment.configure(own);
  }

  private static <T> void unlessGiven(ReadableConfig cluster, Configuration own, ConfigOption<T> option, T value) {
    if (cluster.getOptional(option).isEmpty()) own.set(option, value);
  }
}
