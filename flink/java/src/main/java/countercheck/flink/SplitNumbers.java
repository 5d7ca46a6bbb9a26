package countercheck.flink;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers of the plan's splits by topic and partition. */
final class SplitNumbers implements Serializable {
  private static final long serialVersionUID = 1;

  private final Map<String, int[]> byTopic = new HashMap<>();
  /** Records come topic by topic, and all those of one share its name. */
  private transient String lastTopic;
  private transient int[] lastNumbers;

  SplitNumbers(List<Plan.Split> splits) {
    for (int number = 0; number < splits.size(); number++) {
      Plan.Split split = splits.get(number);
      int[] known = byTopic.getOrDefault(split.topic(), new int[0]);
      int[] numbers = Arrays.copyOf(known, Math.max(known.length, split.partition() + 1));
      Arrays.fill(numbers, known.length, numbers.length, -1);
      if (numbers[split.partition()] >= 0) {
        throw new IllegalArgumentException("Sources " + splits.get(numbers[split.partition()]).source() + " and " + split.source()
            + " both read topic " + split.topic() + ", and on Flink a topic has one source.");
      }
      numbers[split.partition()] = number;
      byTopic.put(split.topic(), numbers);
    }
  }

  /** −1 for a partition that is not in the plan. */
  @SuppressWarnings("StringEquality")
  int of(String topic, int partition) {
    if (topic != lastTopic) {
      lastTopic = topic;
      lastNumbers = byTopic.getOrDefault(topic, new int[0]);
    }
    return partition < lastNumbers.length ? lastNumbers[partition] : -1;
  }
}
