package countercheck.peers;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The registry of the benchmark. */
public final class Schemas {
  private Schemas() {}

  /** Texts of schemas by their number: a folder of files that are called after it. */
  public static Map<Integer, String> in(Path folder) throws IOException {
    Map<Integer, String> schemas = new HashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "[0-9]*.json")) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        schemas.put(Integer.valueOf(name.substring(0, name.length() - ".json".length())), Files.readString(file));
      }
    }
    return schemas;
  }
}
