package countercheck.flink;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.flink.runtime.state.StreamStateHandle;

/**
 * Which pieces of a task's files are in checkpoints of this attempt, so that the next one may name them. The JobManager deletes a
 * piece when no checkpoint that it keeps has it; so one is named only while its own checkpoint is known to be complete, and every
 * later one has named it. What a checkpoint has uploaded of which nothing is known when the next one is planned is forgotten.
 */
final class KeptPieces {
  /** The first bytes of a file that is only ever appended to. */
  record StateFile(String name, long bytes) {}

  /** Bytes of a file, from the first up to but not with the last, and the checkpoint that uploaded them. */
  record Piece(long from, long to, StreamStateHandle handle, long checkpoint) {
    long bytes() {
      return to - from;
    }
  }

  /** A smaller piece at the end of what was uploaded is uploaded again with what is behind it, so that they stay few. */
  private static final long SMALL_BYTES = 1024 * 1024;

  private final Set<Long> confirmed = new HashSet<>();
  private Map<String, List<Piece>> pieces = new HashMap<>();
  private long latest = -1;

  /**
   * The pieces that a checkpoint is to name, by file, each list from the file's start on and without gaps: it must name all of
   * them. Checkpoints are planned in their order. `mayName`: whether Flink's storage likes a piece to be named again.
   */
  synchronized Map<String, List<Piece>> plan(long checkpoint, List<StateFile> files, Predicate<StreamStateHandle> mayName)
      throws IOException {
    if (checkpoint <= latest) throw new IOException("Checkpoint " + checkpoint + " is late: " + latest + " is under way.");
    latest = checkpoint;
    Map<String, List<Piece>> named = new HashMap<>();
    for (StateFile file : files) named.put(file.name, ofFile(file, mayName));
    pieces = new HashMap<>(named);
    confirmed.retainAll(named.values().stream().flatMap(List::stream).map(Piece::checkpoint).collect(Collectors.toSet()));
    return named;
  }

  /** A checkpoint has uploaded these, one for each file that had more. */
  synchronized void uploaded(long checkpoint, Map<String, Piece> added) {
    if (checkpoint != latest) return;
    added.forEach((name, piece) -> {
      List<Piece> all = new ArrayList<>(pieces.get(name));
      all.add(piece);
      pieces.put(name, all);
    });
  }

  /** A checkpoint is complete. */
  synchronized void confirm(long checkpoint) {
    confirmed.add(checkpoint);
  }

  private List<Piece> ofFile(StateFile file, Predicate<StreamStateHandle> mayName) {
    List<Piece> named = new ArrayList<>();
    for (Piece piece : pieces.getOrDefault(file.name, List.of())) {
      if (!confirmed.contains(piece.checkpoint) || !mayName.test(piece.handle)) break;
      boolean isLast = piece.to == file.bytes;
      boolean hasNext = !isLast && piece.bytes() >= SMALL_BYTES;
      if (isLast || hasNext) named.add(piece);
      if (!hasNext) break;
    }
    return named;
  }
}
