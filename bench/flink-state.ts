import { Command } from "commander";
import { runLive } from "./peers/live.ts";

/** Large state on Flink: whether a checkpoint fails, and for how long it holds up the stream. */
await new Command("bench:flink-state")
  .description(
    "Checkpoints of large state on Flink, under steady traffic: none may fail, nor hold up the stream for 1 s.",
  )
  .option("--events <n>", "events that make the state, about 150 bytes each", "7000000")
  .option("--rate <n>", "events a second meanwhile", "2000")
  .option("--seconds <n>", "how long", "250")
  .option("--checkpoint <duration>", "between checkpoints", "60s")
  .option("--memory <size>", "state.memory: the index of the keys must fit in", "1500MB")
  .action(async ({ events, rate, seconds, checkpoint, memory }: Record<string, string>) => {
    const options = {
      before: Number(events),
      rate: Number(rate),
      seconds: Number(seconds),
      checkpointEvery: checkpoint!,
      memory: memory!,
    };
    const figures = await runLive(options);
    console.log(JSON.stringify({ ...options, ...figures }, undefined, 2));
    if (figures.failedCheckpoints > 0 || figures.missed > 0 || figures.stallMs >= 1_000) process.exitCode = 1;
  })
  .parseAsync();
