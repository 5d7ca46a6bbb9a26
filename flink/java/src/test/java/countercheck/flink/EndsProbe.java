package countercheck.flink;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Asks for the ends of topics. Argument: the brokers. Each line of input names a topic, its id or `-`, and how many partitions are
 * planned; the answer is a line of JSON: `ends`, `open` while a transaction is, `refused` with the reason.
 */
public final class EndsProbe {
  private EndsProbe() {}

  public static void main(String[] args) throws Exception {
    Plan plan = new Plan(1, "probe", 128, null, Map.of("bootstrap.servers", args[0]), Map.of(), "", List.of(), List.of(), List.of(), null, Map.of());
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    try (SplitEnds ends = new SplitEnds(KafkaClients.reading(plan, "probe"))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) System.out.println(answer(ends, line.split(" ")));
    }
  }

  private static String answer(SplitEnds ends, String[] asked) throws Exception {
    List<Plan.Split> splits = new ArrayList<>();
    String id = asked[1].equals("-") ? "" : asked[1];
    for (int partition = 0; partition < Integer.parseInt(asked[2]); partition++) {
      splits.add(new Plan.Split("shop", asked[0], partition, id, false, 0, 0));
    }
    long begun = System.nanoTime();
    try {
      long[] found = ends.ask(splits).answer();
      String answer = found == null ? "\"open\":true" : "\"ends\":" + Arrays.toString(found);
      return "{" + answer + ",\"ms\":" + (System.nanoTime() - begun) / 1_000_000 + "}";
    } catch (SplitEnds.Refusal refusal) {
      return "{\"refused\":\"" + refusal.getMessage() + "\"}";
    }
  }
}
