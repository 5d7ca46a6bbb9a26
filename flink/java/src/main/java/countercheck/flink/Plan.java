package countercheck.flink;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.DeserializationFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.json.JsonMapper;

/** What the job is built from: `plan.json` in its jar. `cluster-plan.ts` says what each field is. */
record Plan(
    int version,
    String job,
    int keyGroups,
    Checkpoints checkpoints,
    Map<String, String> reading,
    Map<String, String> writing,
    String transactionalIdPrefix,
    List<Split> splits,
    List<Task> tasks,
    List<Sink> sinks,
    Child child,
    Map<String, String> facts) implements Serializable {

  record Checkpoints(long everyMs, long timeoutMs) implements Serializable {}

  record Split(
      String source, String topic, int partition, String topicId, boolean heartbeat, long start, int keyGroup)
      implements Serializable {}

  record Task(String uid, String title, List<Input> inputs, int outputs) implements Serializable {}

  record Input(int task, int output) implements Serializable {}

  record Sink(String name, String topic) implements Serializable {}

  record Child(boolean hasNode, List<String> flags, long hangingAfterMs) implements Serializable {}

  private static final int VERSION = 1;
  private static final String FILE = "plan.json";
  static final ObjectMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
      .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
      .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
      .build();

  /** The plan in the jar of this class. */
  static Plan load() throws IOException {
    try (InputStream in = Plan.class.getClassLoader().getResourceAsStream(FILE)) {
      if (in == null) throw new IllegalStateException("The jar has no " + FILE + ": `countercheck submit` makes jars that do.");
      Plan plan = JSON.readValue(in, Plan.class);
      plan.check();
      return plan;
    }
  }

  private void check() {
    require(version == VERSION, "is of version " + version + ", and this bridge reads version " + VERSION);
    require(!tasks.isEmpty(), "has no task");
    require(tasks.get(0).inputs.isEmpty(), "has inputs for the first task, which has the sources");
    require(splits.stream().anyMatch(split -> !split.heartbeat), "has no split to read");
    for (Split split : splits) {
      require(split.keyGroup >= 0 && split.keyGroup < keyGroups,
          "puts " + split.topic + "/" + split.partition + " into key group " + split.keyGroup + " of " + keyGroups);
    }
    Set<String> uids = new HashSet<>();
    Set<Input> read = new HashSet<>();
    for (int number = 0; number < tasks.size(); number++) {
      Task task = tasks.get(number);
      require(uids.add(task.uid), "has two tasks of the uid " + task.uid);
      require(number == 0 || !task.inputs.isEmpty(), "has no input for task " + number);
      for (Input input : task.inputs) {
        require(input.task >= 0 && input.task < number, "has task " + number + " read task " + input.task + ", not one in front");
        require(input.output >= 0 && input.output < tasks.get(input.task).outputs, "has no output " + input.output + " of task " + input.task);
        // The task in front cuts its rows for the subtasks of one reader.
        require(read.add(input), "has two readers of output " + input.output + " of task " + input.task);
      }
    }
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) throw new IllegalArgumentException("The plan of the job " + otherwise + ".");
  }
}
