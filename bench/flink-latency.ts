import { Command } from "commander";
import { runLive } from "./peers/live.ts";

/** From Kafka to the verdict, on Flink, under steady traffic. */
await new Command("bench:flink-latency")
  .description("How long verdicts take on Flink, from the record's way into Kafka to the verdict's topic.")
  .option("--rate <n>", "events a second", "10000")
  .option("--seconds <n>", "how long", "60")
  .option("--checkpoint <duration>", "between checkpoints", "1s")
  .action(async ({ rate, seconds, checkpoint }: Record<string, string>) => {
    const run = { rate: Number(rate), seconds: Number(seconds), checkpointEvery: checkpoint! };
    const options = { before: 50_000, memory: "512MB", ...run };
    console.log(JSON.stringify({ ...options, ...(await runLive(options)) }, undefined, 2));
  })
  .parseAsync();
