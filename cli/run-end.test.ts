import { createServer } from "node:net";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { KafkaCluster } from "../connectors/kafka/cluster.ts";
import { RunEnd } from "./run-end.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A cluster of a broker that takes connections and never answers, as one does that is frozen. */
async function frozenCluster(): Promise<KafkaCluster> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const cluster = new KafkaCluster({ clientId: "test", brokers: [`127.0.0.1:${port}`] });
  onTestFinished(async () => {
    await cluster.close();
    server.close();
  });
  return cluster;
}

it("gives up brokers that do not answer for five seconds after a run was told to end", async () => {
  const cluster = await frozenCluster();
  const ending = new AbortController();
  using end = new RunEnd(cluster, ending.signal);
  const asked = end.within(() => cluster.topics(["verdicts"]));
  const refused = expect(asked).rejects.toMatchObject({
    code: "KAFKA_UNAVAILABLE",
    message: expect.stringContaining("the next run brings out what is not out"),
  });

  let isDone = false;
  void asked
    .catch(() => undefined)
    .finally(() => {
      isDone = true;
    });
  ending.abort();
  await vi.advanceTimersByTimeAsync(4_900);
  expect(isDone).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  await refused;
});

it("leaves other failures as they are", async () => {
  using end = new RunEnd(await frozenCluster(), new AbortController().signal);
  await expect(end.within(() => Promise.reject(new Error("full")))).rejects.toThrow("full");
});
