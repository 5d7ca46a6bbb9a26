package countercheck.flink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of a Node child for its socket and its tasks' files. A lock says that its JVM lives, which ends with that however
 * it dies, so that the next one can tell what was left behind, and removes it.
 */
final class ChildFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChildFolder.class);
  private static final String PREFIX = "countercheck-child-";
  /** Begins the names of folders of this JVM; those of one that died may have the same process id, in a container. */
  private static final String OWN = PREFIX + Long.toString(ProcessHandle.current().pid(), 36) + "-"
      + Long.toString(ManagementFactory.getRuntimeMXBean().getStartTime(), 36) + "-";
  private static final String OWNER = "owner";
  private static final String HOMES = "homes";
  /** Of the path of a socket, with its end. */
  private static final int MOST_PATH_BYTES = 100;
  /** A folder that is younger may be about to be locked. */
  private static final Duration BEING_MADE = Duration.ofMinutes(1);
  /** What was unpacked for jobs that nobody has run for so long goes. */
  private static final Duration UNUSED = Duration.ofDays(1);

  final Path path;
  private final FileChannel owner;

  private ChildFolder(Path path, FileChannel owner) {
    this.path = path;
    this.owner = owner;
  }

  /**
   * A folder in `temporary`, or, where paths are too long for sockets there, in the machine's. What dead JVMs left in either is
   * removed first.
   */
  static ChildFolder make(Path temporary) throws IOException {
    clear(temporary, Path.of(System.getProperty("java.io.tmpdir")), UNUSED);
    Path folder = Files.createTempDirectory(temporary, OWN);
    if (folder.resolve("socket").toString().getBytes().length > MOST_PATH_BYTES) {
      Files.delete(folder);
      folder = Files.createTempDirectory(OWN);
    }
    FileChannel owner = FileChannel.open(folder.resolve(OWNER), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    owner.lock();
    return new ChildFolder(folder, owner);
  }

  /** Notes that the child uses what was unpacked into these folders. */
  void uses(List<Path> homes) throws IOException {
    Files.write(path.resolve(HOMES), homes.stream().map(ChildFolder::nameOf).toList());
  }

  /** Removes it. */
  @Override
  public void close() {
    remove(path);
    try {
      owner.close();
    } catch (IOException e) {
      // It is gone.
    }
  }

  /** Removes what JVMs that are dead have left, and what was unpacked into `temporary` that no child uses. */
  static void clear(Path temporary, Path machine, Duration unused) {
    try {
      Set<String> used = new HashSet<>();
      for (Path place : List.of(temporary, machine)) {
        for (Path folder : in(place, PREFIX)) {
          if (isOfTheDead(folder)) remove(folder);
          else if (Files.isReadable(folder.resolve(HOMES))) used.addAll(Files.readAllLines(folder.resolve(HOMES)));
        }
      }
      for (Path home : in(temporary, NodeHome.prefixIn(temporary))) {
        if (!used.contains(nameOf(home)) && isOlder(home, unused)) remove(home);
      }
    } catch (IOException | DirectoryIteratorException e) {
      LOG.warn("What was left in {} and {} cannot be looked through", temporary, machine, e);
    }
  }

  private static boolean isOfTheDead(Path folder) throws IOException {
    if (folder.getFileName().toString().startsWith(OWN) || !isOlder(folder, BEING_MADE)) return false;
    try (FileChannel owner = FileChannel.open(folder.resolve(OWNER), StandardOpenOption.WRITE)) {
      return owner.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // Another job of this JVM is at it.
      return false;
    } catch (AccessDeniedException e) {
      // Another user's.
      return false;
    } catch (NoSuchFileException e) {
      return true;
    }
  }

  private static boolean isOlder(Path path, Duration age) throws IOException {
    try {
      return Files.getLastModifiedTime(path).toInstant().isBefore(Instant.now().minus(age));
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static List<Path> in(Path place, String prefix) throws IOException {
    List<Path> all = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(place, prefix + "*")) {
      for (Path path : found) all.add(path);
    }
    return all;
  }

  private static String nameOf(Path home) {
    return home.toAbsolutePath().normalize().toString();
  }

  private static void remove(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(path);
    } catch (NoSuchFileException e) {
      // Others have removed it.
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("The folder of a Node child cannot be removed: {}", folder, e);
    }
  }
}
