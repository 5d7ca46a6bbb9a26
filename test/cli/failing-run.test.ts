import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { systemDisk } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";
import { readConfig } from "../../cli/config.ts";
import { Teller } from "../../cli/notify/teller.ts";
import { OutputFolder } from "../../cli/output-log.ts";
import { openProgress } from "../../cli/progress.ts";
import type { ResultPlace } from "../../cli/result-log.ts";
import { runJob } from "../../cli/run-job.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { runShop } from "../../shop/shop.ts";
import { root, TemporaryFolder } from "../support/cli.ts";

it("ends a run that fails while its results wait for the brokers", async () => {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  await writeUnendedLog(join(folder.path, "log"));
  writeFileSync(join(folder.path, "countercheck.json"), JSON.stringify(shopConfig("log", "out")));
  const config = readConfig(join(folder.path, "countercheck.json"));
  let waited = 0;
  const away = () => {
    waited++;
    raise("KAFKA_UNAVAILABLE", { doing: "a commit", broker: "127.0.0.1:1", reason: "nobody is there" });
  };
  mkdirSync(config.output);
  const running = runJob({
    graph: paymentSettlement.graph(),
    jobs: { paths: [join(root, "jobs/payment-settlement/job.ts")] },
    sources: config.sources,
    registry: config.registry,
    configFile: config.file,
    output: config.output,
    state: { ...config.state, checkpointEveryMs: 1 },
    results: () => withoutServer(new OutputFolder(systemDisk, join(config.output, "log")), away),
    retainMs: config.retainMs,
    follow: true,
    parallelism: 1,
    fresh: false,
    allowDroppedState: false,
    progress: openProgress(true),
    signal: new AbortController().signal,
    onMetrics: () => {
      if (waited > 1) throw new RangeError("a worker died");
    },
  });
  await expect(running).rejects.toThrow("a worker died");
});

it("closes those whom it tells of alerts where its state cannot be opened", async () => {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  writeFileSync(join(folder.path, "countercheck.json"), JSON.stringify(shopConfig("log", "out")));
  const config = readConfig(join(folder.path, "countercheck.json"));
  const closed = vi.spyOn(Teller.prototype, "close");
  onTestFinished(() => closed.mockRestore());
  writeFileSync(join(folder.path, "file"), "where a folder is expected");
  const running = runJob({
    graph: paymentSettlement.graph(),
    jobs: { paths: [join(root, "jobs/payment-settlement/job.ts")] },
    sources: config.sources,
    registry: config.registry,
    configFile: config.file,
    output: config.output,
    state: { ...config.state, dir: join(folder.path, "file") },
    retainMs: config.retainMs,
    follow: false,
    parallelism: 1,
    fresh: false,
    allowDroppedState: false,
    progress: openProgress(true),
    signal: new AbortController().signal,
  });
  await expect(running).rejects.toThrow();
  expect(closed).toHaveBeenCalledTimes(1);
});

/** What the shop has written so far. */
async function writeUnendedLog(dir: string): Promise<void> {
  const writer = new FileLogWriter(dir);
  const registry = new FolderRegistry(join(dir, "schemas"));
  await runShop({
    seed: 1,
    orders: 300,
    sink: {
      createTopic: (topic, partitions) => writer.createTopic(topic, partitions),
      append: (topic, partition, record) => void writer.append(topic, partition, record),
      flush: () => writer.flush(),
      end: () => writer.flush(),
      register: (subject, schema) => registry.register(subject, schema as AvroSchema),
    },
  });
  writer.close();
}

/** A place of results that can be opened, and whose server is away from then on. */
function withoutServer(place: OutputFolder, away: () => never): ResultPlace {
  return {
    peekMarker: () => place.peekMarker(),
    lastMarker: () => place.lastMarker(),
    open: async (anew, since) => {
      const log = await place.open(anew, since);
      log.sync = async () => away();
      return log;
    },
    close: () => place.close(),
  };
}
