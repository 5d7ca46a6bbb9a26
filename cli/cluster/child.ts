import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { assert, messageOf } from "../../base/errors.ts";
import { fullStack } from "../../base/stacks.ts";
import type { Job } from "../../checks/job.ts";
import { jointJob } from "../../checks/joint-job.ts";
import { failureFrame } from "../../flink/failure-frame.ts";
import { Handover } from "../../flink/handover.ts";
import { driveTask } from "../../flink/socket-task.ts";
import { boundGarbage } from "../memory.ts";
import { tellWarning } from "../notes.ts";
import { beginProfile, type ThreadProfile } from "../profile/thread-profile.ts";
import { masked } from "../secrets.ts";
import type { ChildSpec } from "./child-spec.ts";
import { HostedTasks } from "./hosted-tasks.ts";

/** How long the end waits for servers that evidence and notices go to: less than Flink waits for this process. */
const LAST_WORDS_MS = 1_500;
/** From the end of its input to that of its connections, at most. */
const GRACE_MS = 300;

/**
 * Runs the tasks of jobs beside a TaskManager's slot, as the last two arguments of the process say: the file of its
 * `ChildSpec`, and the path of the Unix socket to listen on. There comes a connection for each task. The process ends
 * with the last of them, or with what it is told by: its standard input. `name` is what several jobs are called together.
 */
export async function serveChild(jobs: readonly Job[], name?: string): Promise<void> {
  const [specFile, socketPath] = process.argv.slice(-2) as [string, string];
  const connections = new Connections();
  const onFailure = (error: unknown) => connections.failAll(error);
  process.on("uncaughtException", onFailure);
  process.on("unhandledRejection", onFailure);
  for (const output of [process.stdout, process.stderr]) maskWhatIsWritten(output);
  endWith(process.stdin, connections);
  boundGarbage();
  const spec = lazily(() => JSON.parse(readFileSync(specFile, "utf8")) as ChildSpec);
  const tasks = lazily(() => hostedTasks(jobs, name, spec(), onFailure));
  const profile = lazily(() => profileOf(spec()));
  const handover = new Handover();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once("close", () => {
      if (!connections.remove(socket)) return;
      server.close();
      void ending(tasks, profile);
    });
    // What a task fails with is told to Flink, and its connection ends with it.
    const make: Parameters<typeof driveTask>[1] = (place, output, alive) => {
      void profile();
      return tasks().make(place, output, alive);
    };
    driveTask(socket, make, handover, masked).catch(() => undefined);
  });
  server.listen(socketPath);
}

/** Made with the first task, which tells Flink what is wrong with any of it. */
function hostedTasks(
  jobs: readonly Job[],
  name: string | undefined,
  spec: ChildSpec,
  onFailure: (error: unknown) => void,
): HostedTasks {
  const job = jobs.length === 1 && name === undefined ? jobs[0]! : jointJob(jobs, name);
  assert(job.name === spec.job, `the bundle has the job ${spec.job}, not ${job.name}`);
  const note = (line: string) => void process.stderr.write(`${line}\n`);
  return new HostedTasks(spec, job.graph(), { note, onFailure });
}

/** Of all that the process does, where the job was submitted so. The job goes on without it where there can be none. */
async function profileOf({ profile, job }: ChildSpec): Promise<ThreadProfile | undefined> {
  if (profile === undefined) return undefined;
  const name = `${job.replace(/[^\w.-]/g, "_")}-${process.pid}`;
  return beginProfile(profile, name).catch(tellNoProfile);
}

function tellNoProfile(error: unknown): undefined {
  tellWarning(`No profile is taken of this process: ${messageOf(error)}`);
}

async function ending(tasks: () => HostedTasks, profile: () => Promise<ThreadProfile | undefined>): Promise<void> {
  const endOfProfile = async () => (await profile())?.end();
  try {
    await Promise.all([tasks().close(LAST_WORDS_MS), endOfProfile().catch(tellNoProfile)]);
  } finally {
    process.exit();
  }
}

/** The TaskManager's log gets all of it: what the job, its packages and Node itself write, too. */
function maskWhatIsWritten(output: NodeJS.WriteStream): void {
  const write = output.write.bind(output) as (...all: unknown[]) => boolean;
  output.write = ((chunk: string | Uint8Array, ...rest: unknown[]) =>
    write(typeof chunk === "string" ? masked(chunk) : chunk, ...rest)) as typeof output.write;
}

/**
 * Who started this process lets go of it, or has died, when its end of the pipe is gone: so are its connections by then, or in
 * a moment, and the last of them says the last words.
 */
function endWith(input: NodeJS.ReadStream, connections: Connections): void {
  const end = () => {
    if (!connections.hadSome) process.exit();
    setTimeout(() => process.exit(), LAST_WORDS_MS + GRACE_MS);
  };
  input.on("end", end);
  input.on("error", end);
  input.resume();
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The connections of the tasks that go. */
class Connections {
  readonly #sockets = new Set<Socket>();
  /** Some task was or is connected. */
  hadSome = false;

  add(socket: Socket): void {
    this.hadSome = true;
    this.#sockets.add(socket);
  }

  /** True where it was the last one. */
  remove(socket: Socket): boolean {
    return this.#sockets.delete(socket) && this.#sockets.size === 0;
  }

  /** Tells Flink by each that all has failed; the process ends with the last. */
  failAll(error: unknown): void {
    if (this.#sockets.size === 0) {
      process.stderr.write(`${error instanceof Error ? fullStack(error) : String(error)}\n`);
      process.exit(1);
    }
    for (const socket of this.#sockets) socket.end(failureFrame(error, masked));
  }
}
