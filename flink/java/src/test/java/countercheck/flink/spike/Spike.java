package countercheck.flink.spike;

import countercheck.flink.ControlFanOut;
import countercheck.flink.Element;
import countercheck.flink.NodeTaskOperatorFactory;
import java.io.DataInputStream;
import java.io.EOFException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.KeyedMultipleInputTransformation;

/**
 * Runs a task in Node in a Flink of this JVM, over frames that Node wrote down: at parallelism 1, from a savepoint at 2
 * with a child killed on the way, from a savepoint at 1 again until the inputs end. Arguments: the folder with the
 * replay, how many inputs there are, and the child's command. Results are lines in `results.jsonl`.
 */
public final class Spike {
  private static final int KEY_GROUPS = 128;
  private static final int TICK_MS = 4;
  /** Ticks that go by while a savepoint is taken, at most. */
  private static final int MORE_TICKS = 50;

  /** How far the replay may go in the present phase. */
  private static volatile int limit;

  private final Path folder;
  private final int inputs;
  private final List<String> command;

  private Spike(Path folder, int inputs, List<String> command) {
    this.folder = folder;
    this.inputs = inputs;
    this.command = command;
  }

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    compareKeyGroups(folder.resolve("key-groups"));
    new Spike(folder, Integer.parseInt(args[1]), List.of(args).subList(2, args.length)).run();
  }

  private void run() throws Exception {
    Thread ticks = new Thread(Spike::tick, "replay-clock");
    ticks.setDaemon(true);
    Configuration configuration = configuration();
    try (MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
        .setConfiguration(configuration).setNumTaskManagers(1).setNumSlotsPerTaskManager(2).withRandomPorts().build())) {
      cluster.start();
      ticks.start();
      String first = phase(cluster, "one", 1, null, ReplayClock.LAST_TICK / 4, false);
      String second = phase(cluster, "two", 2, first, ReplayClock.LAST_TICK / 2, true);
      phase(cluster, "one again", 1, second, -1, false);
    }
    Files.write(folder.resolve("results.jsonl"), ResultSink.RESULTS.values().stream().flatMap(List::stream).toList());
  }

  /** Runs the job until a tick, and stops it with a savepoint; −1: until its inputs end. Gives the savepoint. */
  private String phase(MiniCluster cluster, String name, int parallelism, String savepoint, int untilTick, boolean kill)
      throws Exception {
    long started = System.nanoTime();
    int attempts = ResultSink.ATTEMPTS.get();
    int completed = ResultSink.COMPLETED.get();
    JobGraph graph = job(name, parallelism, savepoint);
    JobID id = cluster.submitJob(graph).get().getJobID();
    await(() -> ResultSink.COMPLETED.get() > completed, "a checkpoint");
    limit = untilTick < 0 ? ReplayClock.LAST_TICK : untilTick + MORE_TICKS;
    if (kill) {
      await(() -> ResultSink.COMPLETED.get() >= completed + 3, "some checkpoints");
      child().destroyForcibly();
      await(() -> ResultSink.ATTEMPTS.get() == attempts + 2, "a restart after the kill");
      int before = ResultSink.COMPLETED.get();
      await(() -> ResultSink.COMPLETED.get() >= before + 2, "checkpoints after the restart");
    }
    String made = null;
    if (untilTick >= 0) {
      await(() -> ReplayClock.tick() >= untilTick, "tick " + untilTick);
      Path to = Files.createDirectories(folder.resolve("savepoints"));
      made = cluster.stopWithSavepoint(id, to.toUri().toString(), false, SavepointFormatType.CANONICAL).get(60, TimeUnit.SECONDS);
    }
    var result = cluster.requestJobResult(id).get(60, TimeUnit.SECONDS);
    if (!result.isSuccess()) throw new IllegalStateException("" + result.getSerializedThrowable());
    System.out.printf("{\"phase\":\"%s\",\"parallelism\":%d,\"ms\":%d,\"tick\":%d,\"attempts\":%d,\"checkpoints\":%d}%n",
        name, parallelism, (System.nanoTime() - started) / 1_000_000, ReplayClock.tick(),
        ResultSink.ATTEMPTS.get() - attempts, ResultSink.COMPLETED.get() - completed);
    return made;
  }

  private JobGraph job(String phase, int parallelism, String savepoint) {
    Configuration configuration = configuration();
    if (savepoint != null) configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    env.setParallelism(parallelism).setMaxParallelism(KEY_GROUPS);
    KeyedMultipleInputTransformation<Tuple2<String, byte[]>> task = new KeyedMultipleInputTransformation<>(
        "task", new NodeTaskOperatorFactory(command, inputs),
        Types.TUPLE(Types.STRING, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO), parallelism, Types.INT);
    task.setUid("task");
    task.setMaxParallelism(KEY_GROUPS);
    for (int input = 0; input < inputs; input++) {
      KeyedStream<Tuple2<Integer, byte[]>, Integer> keyed = input(env, input);
      task.addInput(keyed.getTransformation(), keyed.getKeySelector());
    }
    env.addOperator(task);
    new DataStream<>(env, task).addSink(new ResultSink(phase)).uid("results").setParallelism(1);
    return env.getStreamGraph().getJobGraph();
  }

  private KeyedStream<Tuple2<Integer, byte[]>, Integer> input(StreamExecutionEnvironment env, int input) {
    List<String> files = IntStream.iterate(0, split -> split + 1)
        .mapToObj(split -> folder.resolve("input-" + input + "-split-" + split))
        .takeWhile(Files::exists).map(Path::toString).toList();
    return env.fromSource(new ReplaySource(files), WatermarkStrategy.noWatermarks(), "input " + input, Element.TYPE)
        .uid("input " + input)
        .transform("fan out " + input, Element.TYPE, new ControlFanOut()).uid("fan out " + input)
        .keyBy(element -> element.f0, Types.INT);
  }

  private Configuration configuration() {
    Configuration configuration = new Configuration();
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(32));
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(32));
    configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(16));
    configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(200));
    configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder.resolve("checkpoints").toUri().toString());
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 1);
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(50));
    return configuration;
  }

  private ProcessHandle child() {
    return ProcessHandle.current().children().findFirst().orElseThrow();
  }

  /** Moves the clock on, up to the limit. */
  private static void tick() {
    try {
      while (!ReplayClock.isOver()) {
        Thread.sleep(TICK_MS);
        if (ReplayClock.tick() < limit) ReplayClock.advanceTo(ReplayClock.tick() + 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private interface Condition {
    boolean holds();
  }

  private static void await(Condition condition, String what) throws InterruptedException {
    for (int i = 0; !condition.holds(); i++) {
      if (i > 6_000) throw new IllegalStateException("Waited in vain for " + what + ".");
      Thread.sleep(5);
    }
  }

  /** Pairs of a key's hash and the key group that Node gives it must be Flink's own. */
  private static void compareKeyGroups(Path pairs) throws Exception {
    int compared = 0;
    try (DataInputStream in = new DataInputStream(Files.newInputStream(pairs))) {
      for (;; compared++) {
        int hash = in.readInt();
        int group = in.readInt();
        int flinks = KeyGroupRangeAssignment.assignToKeyGroup(hash, KEY_GROUPS);
        if (group != flinks) throw new IllegalStateException("Key group of " + hash + ": " + group + ", Flink's is " + flinks);
      }
    } catch (EOFException e) {
      System.out.printf("{\"keyGroups\":%d}%n", compared);
    }
  }
}
