package countercheck.flink;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.graph.StreamGraphHasherV2;

/**
 * Looks at savepoints for a job with an operator called `numbers`: in the folder that it is given it writes one of that job,
 * `own`, and one of another, `other`. Then each argument is a place to look at, `!` before it leaves state behind.
 */
public final class SavepointProbe {
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    write(folder.resolve("own"), "numbers");
    write(folder.resolve("other"), "refunds");
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(2);
    environment.fromSequence(1, 2).uid("numbers").sinkTo(new DiscardingSink<>()).uid("end");
    for (String place : List.of(args).subList(1, args.length)) {
      boolean allowDropped = place.startsWith("!");
      System.out.println(Plan.JSON.writeValueAsString(
          Map.of("place", place, "said", said(environment, allowDropped ? place.substring(1) : place, allowDropped))));
    }
  }

  private static String said(StreamExecutionEnvironment environment, String place, boolean allowDropped) {
    try {
      SavepointLook.require(environment, place, allowDropped);
      return "";
    } catch (SavepointLook.Unusable unusable) {
      return unusable.getMessage();
    }
  }

  private static void write(Path savepoint, String uid) throws Exception {
    OperatorID id = new OperatorID(StreamGraphHasherV2.generateUserSpecifiedHash(uid));
    OperatorState state = new OperatorState(uid, uid, id, 1, 128);
    state.setCoordinatorState(new ByteStreamStateHandle("state", new byte[1]));
    Files.createDirectories(savepoint);
    try (OutputStream out = Files.newOutputStream(savepoint.resolve("_metadata"))) {
      Checkpoints.storeCheckpointMetadata(new CheckpointMetadata(1, List.of(state), List.of()), out);
    }
  }
}
