package countercheck.flink;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
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
  /** Begins the names of the folders. */
  static final String PREFIX = "countercheck-home-";
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
    Path folder = into.resolve(PREFIX + contentHash());
    Path bundle = unpack(BUNDLE, folder);
    if (resource(MAP) != null) unpack(MAP, folder);
    Path spec = unpack(SPEC, folder);
    if (!hasNode) return new NodeHome(nodeOfMachine(), bundle, spec);
    Path node = unpack(NODE, into.resolve(PREFIX + "node-" + nodeHash()));
    return new NodeHome(node.toString(), bundle, spec);
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

  /** Moved into its place when it is whole: another TaskManager may unpack the same. */
  private static Path unpack(String name, Path folder) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(folder);
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
