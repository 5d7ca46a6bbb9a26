import { createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { KafkaCluster } from "./cluster.ts";
import { commitGroupOffsets } from "./group-offsets.ts";

const password = "not-to-be-shown";
const sasl = { mechanism: "PLAIN", user: "reader", password } as const;

describe("a cluster that is none", () => {
  it.each<[string, (socket: Socket) => void]>([
    ["hangs up", (socket) => socket.destroy()],
    ["speaks HTTP", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["answers something that was not asked", replying("0000000a7700000100230000ffff")],
    ["answers something too short", replying("0000000a00000001002300000000")],
  ])("is unavailable when it %s, and no secret is told", async (_, behave) => {
    const broker = await serving(behave);
    for (const options of [{}, { sasl }]) {
      const cluster = new KafkaCluster({ clientId: "test", brokers: [broker], ...options });
      const error = await cluster.topics(["payments"]).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: expect.stringMatching(/^KAFKA_(UNAVAILABLE|UNSUPPORTED|AUTHENTICATION)/) });
      expect((error as Error).message).toContain(broker);
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(password);
      await cluster.close();
    }
  });

  it("is unavailable where nobody listens, and another address is tried", async () => {
    const cluster = new KafkaCluster({ clientId: "test", brokers: ["127.0.0.1:1", await serving((s) => s.destroy())] });
    onTestFinished(() => cluster.close());
    await expect(cluster.topics([])).rejects.toMatchObject({ code: "KAFKA_UNAVAILABLE", retryable: true });
    await expect(cluster.topics([])).rejects.toThrow("Connection closed");
  });

  it("lets go at once of what waits for it", async () => {
    const cluster = new KafkaCluster({ clientId: "test", brokers: [await serving(() => undefined)] });
    const asked = cluster.topics(["payments"]);
    setTimeout(() => void cluster.close(), 50);
    await expect(asked).rejects.toMatchObject({ code: "KAFKA_UNAVAILABLE" });
    await expect(cluster.topics([])).rejects.toMatchObject({ code: "KAFKA_CLOSED", retryable: false });
  });

  it("is asked no more once it is closed, so that a process which has ended does not linger", async () => {
    const cluster = new KafkaCluster({ clientId: "test", brokers: [await serving(() => undefined)] });
    const committing = commitGroupOffsets(cluster, "job", [{ topic: "t", partition: 0, offset: 1, metadata: "" }]);
    setTimeout(() => void cluster.close(), 50);
    const closedAt = performance.now();
    await expect(committing).rejects.toMatchObject({ code: "KAFKA_CLOSED" });
    expect(performance.now() - closedAt).toBeLessThan(2_000);
  });
});

/** Address of a server on this machine that does as it is told with each connection. */
async function serving(behave: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

function replying(hex: string) {
  return (socket: Socket) => void socket.on("data", () => socket.write(Buffer.from(hex, "hex")));
}
