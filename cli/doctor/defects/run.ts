import type { Defect } from "./defects.ts";

/** What can be wrong with a run's own places: its state, and where its results go. */
export const runDefects = {
  CHECKPOINTS_ALL_DAMAGED: {
    level: "problem",
    says: "all {count} checkpoints in {dir} are damaged: {reason}",
    follows: "The run does not start: what it has brought out must not be begun anew by itself.",
    remedy: "Begin from a savepoint (`--from-savepoint`), or anew (`--fresh`), which renumbers verdicts",
  },
  CHECKPOINT_DAMAGED: {
    level: "warning",
    says: "checkpoint {checkpoint} in {dir} is damaged: {reason}",
    follows: "The run goes on from the one before, and reads again what came since. No verdict comes twice.",
    remedy: "Check the disk; nothing else is to be done",
  },
  CONTRACTS_UNKNOWN: {
    level: "problem",
    says: "whether the contracts of the results fit cannot be told: {reason}",
    follows: "The run registers them before it writes, and does not start where it cannot.",
    remedy: "Correct `registry`, or start it",
  },
  CONTRACT_UNREADABLE: {
    level: "problem",
    says: "a version of {subject} could not be read any more: {reasons}",
    follows: "The run does not start: who reads these topics would stop in the middle of them.",
    remedy: "Choose another `results.kafka.prefix`, or remove the versions that nobody of this project has registered",
  },
  NOTIFY_UNREACHABLE: {
    level: "warning",
    says: "{where} cannot be reached: {reason}",
    follows:
      "Verdicts and alerts are as they should be, but who is told there hears of them late, or not at all after `giveUpAfter`.",
    remedy: "Correct its address in `notify`, or start it; what waits is sent then",
  },
  RESULTS_MARKERS_WRONG: {
    level: "problem",
    says: "the topic {topic} has {partitions} partitions and cleanup.policy={policy}",
    follows:
      "What was brought out last is read back from its newest record. Split over partitions or dropped by time, it is not found: verdicts come twice, or the run stops.",
    remedy: "Delete the topic while no run is going, and let the run create it: one partition, cleanup.policy=compact",
  },
  RESULTS_TOPICS_MISSING: {
    level: "note",
    says: "{topics} are not there yet",
    follows: "The run creates them when it starts, for which its user needs the right to.",
    remedy: "Nothing, or create them beforehand",
  },
  SNAPSHOTS_UNFIT: {
    level: "problem",
    says: "{reason}",
    follows: "No verdict can come out: each needs its snapshot written first.",
    remedy:
      "Correct `snapshots.hbase`, start HBase and its REST server, or make the table {table}: `countercheck snapshots create-table`",
  },
  STATE_DAMAGED: {
    level: "problem",
    says: "{reason}",
    follows: "The run does not start.",
    remedy: "Begin from a savepoint (`--from-savepoint`), or anew (`--fresh`), which renumbers verdicts",
  },
  STATE_OF_OTHER_JOB: {
    level: "problem",
    says: "{dir} holds the state of the job {other}, not of {job}",
    follows: "The run does not start.",
    remedy: "Give each job an `output`, or a `state.dir`, of its own",
  },
} as const satisfies Record<string, Defect>;
