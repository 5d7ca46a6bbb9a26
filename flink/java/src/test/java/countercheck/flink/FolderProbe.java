package countercheck.flink;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Makes the folder of a child that uses the folders it is given, tells its path, and keeps it until its input ends. */
public final class FolderProbe {
  public static void main(String[] args) throws Exception {
    List<Path> homes = List.of(args).stream().skip(1).map(Path::of).toList();
    try (ChildFolder folder = ChildFolder.make(Path.of(args[0]))) {
      folder.uses(homes);
      System.out.println(Plan.JSON.writeValueAsString(Map.of("folder", folder.path.toString())));
      while (System.in.read() >= 0) {}
    }
  }
}
