import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { jarsOf } from "../../stack/jars.ts";
import { missingTools, tool } from "../../stack/tools.ts";
import { fromHex, hex, type PlainRecord, type WireRecord } from "./oracle-records.ts";

/** True where programs from Kafka's jars can be run. */
export const hasJava = missingTools(["kafka"]) === undefined;

/** Kafka's own client in a process of its own. Its commands run one after the other. */
export class JavaOracle {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static async start(brokers: readonly string[]): Promise<JavaOracle> {
    const source = join(import.meta.dirname, "KafkaOracle.java");
    return new JavaOracle(await spawnJava(source, brokers.join()));
  }

  /** Opens a producer, transactional where it is given an id. */
  open(name: string, compression: string, transactionalId = "-"): Promise<void> {
    return this.#run(`open ${name} ${compression} ${transactionalId}`);
  }

  begin = (name: string): Promise<void> => this.#run(`begin ${name}`);
  flush = (name: string): Promise<void> => this.#run(`flush ${name}`);
  commit = (name: string): Promise<void> => this.#run(`commit ${name}`);
  abort = (name: string): Promise<void> => this.#run(`abort ${name}`);
  close = (name: string): Promise<void> => this.#run(`close ${name}`);

  async send(name: string, topic: string, records: readonly PlainRecord[], partition = 0): Promise<void> {
    for (const { key, value, timestamp, headers } of records) {
      const pairs = headers.flatMap((header) => [hex(Buffer.from(header.name)), hex(header.value)]);
      await this.#run(["send", name, topic, partition, timestamp, hex(key), hex(value), ...pairs].join(" "));
    }
  }

  /** The partition in which its producer put a record that it wrote with this key. */
  async partitionOf(name: string, topic: string, key: Buffer): Promise<number> {
    return Number((await this.#ask(`partition ${name} ${topic} ${hex(key)}`))[0]);
  }

  /** All committed records of a partition. */
  async read(topic: string, partition = 0): Promise<WireRecord[]> {
    const lines = await this.#ask(`read ${topic} ${partition}`);
    return lines.map((line) => {
      const [offset, timestamp, key, value, ...pairs] = line.split(" ");
      const headers = [];
      for (let i = 0; i < pairs.length; i += 2)
        headers.push({ name: String(fromHex(pairs[i]!)), value: fromHex(pairs[i + 1]!) });
      return {
        offset: Number(offset),
        timestamp: Number(timestamp),
        key: fromHex(key!),
        value: fromHex(value!),
        headers,
      };
    });
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  async #run(command: string): Promise<void> {
    await this.#ask(command);
  }

  #ask(command: string): Promise<string[]> {
    const answer = this.#turn.then(async () => {
      this.#child.stdin!.write(`${command}\n`);
      const lines: string[] = [];
      for (;;) {
        const { value: line, done } = await this.#answers.next();
        if (done || line.startsWith("error ")) throw new Error(`${command.slice(0, 80)}: ${line ?? "Java ended"}`);
        if (line === "ok") return lines;
        lines.push(line);
      }
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

/** Runs a program of Kafka's jars to its end, with text for its input; gives what it printed. */
export async function runJava(program: string, args: readonly string[], input = ""): Promise<string> {
  const child = await spawnJava(program, ...args);
  child.stdin!.end(input);
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (text) => (output += text));
  await new Promise((resolve) => child.once("close", resolve));
  return output;
}

async function spawnJava(program: string, ...args: readonly string[]): Promise<ChildProcess> {
  const jars = await jarsOf("kafka", () => undefined);
  const jvm = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", join(jars, "*")];
  return spawn(tool("java"), [...jvm, program, ...args], { stdio: ["pipe", "pipe", "ignore"] });
}
