/**
 * What the bridge builds a Flink job from: plain JSON in the job's jar, beside the bundle of the job and what its Node
 * children must know (`bundle.mjs`, `child.json`). `Plan.java` reads the same.
 *
 * Secrets are references (`${env:NAME}`, `${file:/path}`), which are looked up where Flink runs.
 */
export interface ClusterPlan {
  readonly version: 1;
  /** Name of the job. */
  readonly job: string;
  /** Flink's maximal parallelism: the number of key groups. */
  readonly keyGroups: number;
  readonly checkpoints: { readonly everyMs: number; readonly timeoutMs: number };
  /** Properties of Kafka's Java clients that read; of those that write. */
  readonly reading: Readonly<Record<string, string>>;
  readonly writing: Readonly<Record<string, string>>;
  /** Begins the names of transactions; stays the same for a job. */
  readonly transactionalIdPrefix: string;
  readonly splits: readonly PlannedSplit[];
  /** As the runtime cut them: the first has the sources. */
  readonly tasks: readonly PlannedTask[];
  /** Topics that Flink writes, by number. */
  readonly sinks: readonly { readonly name: string; readonly topic: string }[];
  readonly child: PlannedChild;
  /** What Flink shows of the job's configuration, for people and for `jobs describe`. */
  readonly facts: PlannedFacts;
}

/** What is known of a job when it is submitted, by the names that Flink shows. */
export interface PlannedFacts {
  readonly "countercheck.epoch": string;
  /** Folder of the embedded run's savepoint that it began from. */
  readonly "countercheck.savepoint"?: string;
}

/** A partition that the job reads; its number is its place in the list. */
export interface PlannedSplit {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  /** True for one of the heartbeat table: its rows go to all subtasks, with the ends of the source's other splits. */
  readonly heartbeat: boolean;
  /** Where it is begun with, unless Flink restores where it stood. */
  readonly start: number;
  /** Key group that its rows' state is in: the same for ever, `splitKeyGroup`. */
  readonly keyGroup: number;
}

/** A task of the plan. Rows come to it by key, or to all its subtasks, as the task in front says for each piece. */
export interface PlannedTask {
  /** Names its state for ever. */
  readonly uid: string;
  /** For people: what is in it. */
  readonly title: string;
  /** Where each input comes from: a task, and which of its outputs. Empty for the first task. */
  readonly inputs: readonly { readonly task: number; readonly output: number }[];
  readonly outputs: number;
}

/** How the Node child of a slot is started: `node …flags bundle.mjs child.json <socket>`. */
export interface PlannedChild {
  /** True where the jar has Node itself, as `node` at its root. */
  readonly hasNode: boolean;
  /** Of Node, such as the limit of its heap. */
  readonly flags: readonly string[];
  /** Silent for so long, it counts as hanging. */
  readonly hangingAfterMs: number;
}
