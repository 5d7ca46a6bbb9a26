package countercheck.flink;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;

/**
 * The job's files for Node, unpacked from the jar into a folder named by what is in them, so that it is done once for all
 * subtasks, restarts and jobs of the same content.
 */
final class NodeHome {
  private static final String PREFIX = "countercheck-home-";
  private static final String NODE = "node";
  private static final String BUNDLE = "bundle.mjs";
  private static final String MAP = "bundle.mjs.map";
  private static final String SPEC = "child.json";
  private static final int OLDEST_NODE = 24;

  private final String node;
  private final Path bundle;
  private final Path spec;

  private NodeHome(String node, Path bundle, Path spec) {
    this.node = node;
    this.bundle = bundle;
    this.spec = spec;
  }

  /** Unpacks what is not there yet; without a Node of the jar's own, looks for one that is new enough. */
  static NodeHome unpack(Path into, boolean hasNode) throws IOException {
    Files.createDirectories(into);
    UserPrincipal owner = ownerOfNew(into);
    Path folder = ownFolder(into, contentHash(), owner);
    Path bundle = unpack(BUNDLE, folder);
    if (resource(MAP) != null) unpack(MAP, folder);
    Path spec = unpack(SPEC, folder);
    if (!hasNode) return new NodeHome(nodeOfMachine(), bundle, spec);
    Path node = unpack(NODE, ownFolder(into, "node-" + nodeHash(), owner));
    return new NodeHome(node.toString(), bundle, spec);
  }

  /** What begins the names of this user's folders in a place. */
  static String prefixIn(Path place) throws IOException {
    return prefixOf(ownerOfNew(place));
  }

  /** Folders that a child needs as long as it lives; those of this machine's Node are not ours. */
  List<Path> folders() {
    List<Path> folders = new ArrayList<>(List.of(bundle.getParent()));
    if (!node.equals(NODE)) folders.add(Path.of(node).getParent());
    return folders;
  }

  /** What starts a child, but for the socket's path. */
  List<String> command(List<String> flags) {
    List<String> command = new ArrayList<>();
    command.add(node);
    command.addAll(flags);
    command.add(bundle.toString());
    command.add(spec.toString());
    return command;
  }

  private static String prefixOf(UserPrincipal owner) {
    return PREFIX + Integer.toHexString(owner.getName().hashCode()) + "-";
  }

  /** Who owns what this process makes there; a container's user may have no name. */
  private static UserPrincipal ownerOfNew(Path place) throws IOException {
    Path probe = Files.createTempFile(place, "countercheck-", null);
    try {
      return Files.getOwner(probe);
    } finally {
      Files.delete(probe);
    }
  }

  /** Of this user alone, in a place that others may write to as well: what lies in it is run, and sees the job's secrets. */
  private static Path ownFolder(Path into, String name, UserPrincipal owner) throws IOException {
    Path folder = into.resolve(prefixOf(owner) + name);
    try {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS) || !Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(owner)) {
        throw new TaskFailure(folder + " is somebody else's. Remove it, or set `io.tmp.dirs` to a folder of Flink's own.");
      }
    }
    return folder;
  }

  /** Moved into its place when it is whole: another TaskManager may unpack the same. */
  private static Path unpack(String name, Path folder) throws IOException {
    Path file = folder.resolve(name);
    // Used just now: nobody else takes it away.
    Files.setLastModifiedTime(folder, FileTime.from(Instant.now()));
    if (Files.exists(file)) return file;
    URL resource = resource(name);
    if (resource == null) throw new IOException("The job's jar has no " + name + ": `countercheck submit` makes jars that do.");
    Path part = folder.resolve(name + "." + UUID.randomUUID());
    try (InputStream in = open(resource)) {
      Files.copy(in, part);
      if (!part.toFile().setExecutable(name.equals(NODE), true)) throw new IOException(part + " cannot be made executable.");
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
    return file;
  }

  private static String contentHash() throws IOException {
    MessageDigest digest = sha256();
    for (String name : List.of(BUNDLE, MAP, SPEC)) {
      URL resource = resource(name);
      if (resource == null) continue;
      digest.update(name.getBytes(StandardCharsets.UTF_8));
      try (InputStream in = open(resource)) {
        digest.update(in.readAllBytes());
      }
    }
    return hex(digest);
  }

  /** By what the jar's index says of it: Node has more than a hundred megabytes. */
  private static String nodeHash() throws IOException {
    URL resource = resource(NODE);
    if (resource == null) throw new IOException("The job's jar should have a Node, and has none: submit the job again.");
    URLConnection connection = resource.openConnection();
    connection.setUseCaches(false);
    if (!(connection instanceof JarURLConnection inJar)) return connection.getContentLengthLong() + "-" + connection.getLastModified();
    try (JarFile jar = inJar.getJarFile()) {
      return Long.toHexString(inJar.getJarEntry().getCrc()) + "-" + inJar.getJarEntry().getSize();
    }
  }

  private static String nodeOfMachine() throws IOException {
    String advice = " Install Node " + OLDEST_NODE + " or newer on every TaskManager, or submit with `--with-node`.";
    Process process;
    try {
      process = new ProcessBuilder(NODE, "--version").redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new TaskFailure("There is no `node` on the path of this TaskManager." + advice);
    }
    try {
      String version = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
      process.waitFor(1, TimeUnit.SECONDS);
      if (!version.matches("v\\d+\\..*") || Integer.parseInt(version.substring(1, version.indexOf('.'))) < OLDEST_NODE) {
        throw new TaskFailure("`node` on the path of this TaskManager is " + version + "." + advice);
      }
      return NODE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while `node --version` was running.", e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static URL resource(String name) {
    return NodeHome.class.getClassLoader().getResource(name);
  }

  /** Past Java's cache of jars, which would hold this one open when the job is gone. */
  private static InputStream open(URL resource) throws IOException {
    URLConnection connection = resource.openConnection();
    connection.setUseCaches(false);
    return connection.getInputStream();
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest(), 0, 12);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
