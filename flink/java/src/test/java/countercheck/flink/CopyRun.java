package countercheck.flink;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Copies what a plan's sources bring to its sinks, with no task between them: records to the first, proofs to the second.
 * Arguments: the plan's file, a folder for checkpoints, the parallelism, and the savepoint to go on from, if any.
 *
 * Lines of input: `stop` answers with the savepoint, `fail` makes the job fail and go on, `failure` waits for the job's end
 * and answers with the messages of what it failed with. The end of input cancels it.
 */
public final class CopyRun {
  private static final AtomicBoolean FAILS = new AtomicBoolean();

  private CopyRun() {}

  public static void main(String[] args) throws Exception {
    ObjectMapper json = new ObjectMapper();
    Plan plan = json.readValue(Files.readString(Path.of(args[0])), Plan.class);
    String folder = Path.of(args[1]).toUri().toString();
    StreamExecutionEnvironment environment = environment(plan, folder, args);
    DataStream<byte[]> copies = copied(KafkaEnds.records(environment, plan), "copy records");
    var proofs = KafkaEnds.heartbeats(environment, plan);
    if (proofs.isPresent()) copies = copies.union(copied(proofs.get(), "copy proofs"));
    KafkaEnds.sink(copies, plan);
    JobClient job = environment.executeAsync("copy");
    System.out.println("{\"started\":true}");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (line.equals("fail")) FAILS.set(true);
      else System.out.println(json.writeValueAsString(line.equals("stop")
          ? java.util.Map.of("savepoint", job.stopWithSavepoint(false, folder, SavepointFormatType.CANONICAL).get())
          : java.util.Map.of("failure", failure(job))));
      if (line.equals("stop")) break;
    }
    System.exit(0);
  }

  private static StreamExecutionEnvironment environment(Plan plan, String folder, String[] args) {
    Configuration configuration = new Configuration();
    configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder);
    configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(plan.checkpoints().everyMs()));
    configuration.set(PipelineOptions.OBJECT_REUSE, true);
    configuration.set(PipelineOptions.GENERIC_TYPES, false);
    configuration.set(PipelineOptions.MAX_PARALLELISM, plan.keyGroups());
    configuration.set(ExecutionOptions.BUFFER_TIMEOUT, Duration.ZERO);
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 1);
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(100));
    if (args.length > 3) configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, args[3]);
    return StreamExecutionEnvironment.createLocalEnvironment(Integer.parseInt(args[2]), configuration);
  }

  private static DataStream<byte[]> copied(DataStream<Tuple2<Integer, byte[]>> elements, String name) {
    return elements.keyBy(element -> element.f0, Types.INT)
        .transform(name, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO, new Copier()).uid(name);
  }

  private static String failure(JobClient job) throws InterruptedException, TimeoutException {
    try {
      job.getJobExecutionResult().get(60, TimeUnit.SECONDS);
      return "";
    } catch (ExecutionException error) {
      StringBuilder messages = new StringBuilder();
      for (Throwable cause = error; cause != null; cause = cause.getCause()) messages.append(cause.getMessage()).append('\n');
      return messages.toString();
    }
  }

  /** Makes a RECORD payload of each element: its key says where it came to, its value is the frame's payload. */
  private static final class Copier extends AbstractStreamOperator<byte[]>
      implements OneInputStreamOperator<Tuple2<Integer, byte[]>, byte[]> {
    private static final long serialVersionUID = 1;

    @Override
    public void processElement(StreamRecord<Tuple2<Integer, byte[]>> each) {
      if (FAILS.compareAndSet(true, false)) throw new IllegalStateException("asked to fail");
      byte[] element = each.getValue().f1;
      var place = getRuntimeContext().getTaskInfo();
      byte[] key = (place.getIndexOfThisSubtask() + "/" + place.getNumberOfParallelSubtasks()).getBytes(StandardCharsets.UTF_8);
      ByteBuffer payload = ByteBuffer.allocate(1 + 8 + 4 + key.length + 4 + element.length - 1).order(ByteOrder.LITTLE_ENDIAN);
      payload.put((byte) (element[0] == Element.RECORDS ? 0 : 1)).putDouble(System.currentTimeMillis());
      payload.putInt(key.length).put(key).putInt(element.length - 1).put(element, 1, element.length - 1);
      output.collect(new StreamRecord<>(payload.array()));
    }
  }
}
