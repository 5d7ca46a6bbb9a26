import { assert } from "../../base/errors.ts";
import type { Graph, Node } from "../../dataflow/graph.ts";
import type { ClusterPlan, PlannedSplit, PlannedTask } from "../../flink/cluster-plan.ts";
import { planOf, type TaskPlan } from "../../runtime/plan.ts";
import { KEY_GROUPS } from "../../state/key-groups.ts";
import type { Config } from "../config.ts";
import { readingProperties, writingProperties } from "./kafka-properties.ts";

/** What a plan is made of. */
export interface PlanRequest {
  readonly graph: Graph;
  readonly config: Pick<Config, "sources" | "results" | "state">;
  readonly splits: readonly PlannedSplit[];
  /** Names of the sinks, by number. */
  readonly sinks: readonly string[];
  readonly withNode: boolean;
  readonly epoch: number;
  /** Folder of the embedded savepoint that the job begins from. */
  readonly savepoint: string | undefined;
}

/** Flink gives up a checkpoint that takes longer. */
const CHECKPOINT_TIMEOUT_MS = 600_000;
const HANGING_AFTER_MS = 30_000;
/** Of what is not state, which lies outside of Node's heap. */
const HEAP_MB = 1_024;
/** Of the task that has the sources. */
const SOURCES_UID = "$sources";

/** The plan of a job whose sources and results are at brokers: what the bridge builds a Flink job from. */
export function planOfJob(request: PlanRequest): ClusterPlan {
  const { graph, config, splits, sinks, withNode, epoch, savepoint } = request;
  const input = config.sources.map(({ input }) => input).find((input) => "kafka" in input);
  assert(input !== undefined && config.results !== undefined, "a job of the cluster reads and writes topics");
  const { kafka, prefix } = config.results;
  const { tasks } = planOf(graph);
  return {
    version: 1,
    job: graph.name,
    keyGroups: KEY_GROUPS,
    checkpoints: { everyMs: config.state.checkpointEveryMs, timeoutMs: CHECKPOINT_TIMEOUT_MS },
    reading: readingProperties(input.kafka, input.group + graph.name),
    writing: writingProperties(kafka),
    // No name of a job has a dot: Kafka's sink ends every open transaction whose id begins like its own.
    transactionalIdPrefix: `${prefix}${graph.name}.flink`,
    splits,
    tasks: tasks.map((task, i) => plannedTask(task, i, tasks)),
    sinks: sinks.map((name) => ({ name, topic: prefix + name })),
    child: {
      hasNode: withNode,
      flags: ["--enable-source-maps", "--disable-warning=ExperimentalWarning", `--max-old-space-size=${HEAP_MB}`],
      hangingAfterMs: HANGING_AFTER_MS,
    },
    facts: {
      "countercheck.epoch": String(epoch),
      ...(savepoint !== undefined && { "countercheck.savepoint": savepoint }),
    },
  };
}

function plannedTask(task: TaskPlan, index: number, tasks: readonly TaskPlan[]): PlannedTask {
  const isFirst = index === 0;
  return {
    uid: isFirst ? SOURCES_UID : task.nodes[0]!.uid,
    title: titleOf(task, isFirst),
    inputs: isFirst ? [] : task.inputs.map((_, input) => writerOf(index, input, tasks)),
    outputs: task.outputs.length,
  };
}

/** Which task feeds an input, and by which of its outputs. */
function writerOf(toTask: number, toInput: number, tasks: readonly TaskPlan[]): PlannedTask["inputs"][number] {
  for (const [task, { outputs }] of tasks.entries()) {
    const output = outputs.findIndex((edge) => edge.toTask === toTask && edge.toInput === toInput);
    if (output >= 0) return { task, output };
  }
  return assert(false, "every input of a task has an output that feeds it") as never;
}

/** Names of what people declared; what only hands rows on says nothing. */
function titleOf({ nodes }: TaskPlan, isFirst: boolean): string {
  const names = nodes.flatMap((node) => {
    if (node.type === "changes") return [node.model.name];
    return TOLD.has(node.type) ? [node.uid] : [];
  });
  const told = [...new Set(names)].join(", ");
  return isFirst ? `sources: ${told}` : told || nodes[0]!.uid;
}

const TOLD: ReadonlySet<Node["type"]> = new Set(["operator", "lookup", "sink"]);
