package countercheck.flink;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.filesystem.AbstractFsCheckpointStorageAccess;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Looks at a savepoint where Flink will look for it, and at nothing that Flink would not look at. Nothing is changed by it. */
final class SavepointLook {
  private SavepointLook() {}

  /** Throws where the job that the environment holds could not begin from the savepoint. */
  static void require(StreamExecutionEnvironment environment, String place, boolean allowDropped) {
    CheckpointMetadata metadata;
    try {
      metadata = read(place);
    } catch (IOException | RuntimeException failure) {
      throw new Unusable(reasonOf(failure));
    }
    if (allowDropped) return;
    Set<OperatorID> known = operatorsOf(environment);
    for (OperatorState state : metadata.getOperatorStates()) {
      boolean isKept =
          state.getCoordinatorState() != null || state.getStates().stream().anyMatch(OperatorSubtaskState::hasState);
      if (isKept && !known.contains(state.getOperatorID())) {
        throw new Unusable("it has state of " + state.getOperatorUid().orElse("operator " + state.getOperatorID())
            + ", which the job does not have: submit what it was made of, or leave its state behind with --allow-dropped-state");
      }
    }
  }

  private static String reasonOf(Exception failure) {
    String reason = (failure.getMessage() == null ? failure.toString() : failure.getMessage()).replaceAll("\\.$", "");
    Throwable cause = failure.getCause();
    return cause == null || cause.getMessage() == null ? reason : reason + ": " + cause.getMessage().replaceAll("\\.$", "");
  }

  private static CheckpointMetadata read(String place) throws IOException {
    CompletedCheckpointStorageLocation location = AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(place);
    try (DataInputStream in = new DataInputStream(location.getMetadataHandle().openInputStream())) {
      return Checkpoints.loadCheckpointMetadata(in, SavepointLook.class.getClassLoader(), location.getExternalPointer());
    }
  }

  private static Set<OperatorID> operatorsOf(StreamExecutionEnvironment environment) {
    return environment.getStreamGraph(false).getJobGraph().getVerticesSortedTopologicallyFromSources().stream()
        .flatMap(vertex -> vertex.getOperatorIDs().stream())
        .map(pair -> pair.getUserDefinedOperatorID().orElseGet(pair::getGeneratedOperatorID))
        .collect(Collectors.toSet());
  }

  /** `submit` knows it by how its message begins. */
  static final class Unusable extends RuntimeException {
    private Unusable(String reason) {
      super("The savepoint cannot be begun from: " + reason);
    }
  }
}
