import type { Finding } from "./findings.ts";
import type { TopicSet } from "./topic-set.ts";

/** Something that makes the check of the workload, exactly or not. */
export interface Peer {
  readonly name: string;
  /** What it is, for people. */
  readonly what: string;
  /** Why it cannot be run here, in one line. */
  whyNot?(): string | undefined;
  /** What is done once, before anything is measured, such as a build. */
  prepare?(): Promise<void> | void;
  /** Begins to run over the topics from their beginning. */
  start(place: PeerPlace): Promise<RunningPeer>;
}

/** Where a peer runs. */
export interface PeerPlace {
  readonly set: TopicSet;
  /** For files; empty. */
  readonly folder: string;
  /** What the names of topics that it writes begin with; there are none yet. */
  readonly results: string;
}

/** A peer that runs. Disposing of it ends it. */
export interface RunningPeer extends AsyncDisposable {
  /** The processes that are measured, with all that descends from them. */
  readonly processes: readonly number[];
  /** Records that it has read of the topics. */
  read(): Promise<number>;
  /** What it has told so far, as readers see it who wait for transactions. */
  findings(): Promise<readonly Finding[]>;
  /** Why it has ended before it was told to; undefined while it runs. */
  failure(): Promise<string | undefined>;
  /** What else can be said of the run once all was found, by name, with the unit in the name. */
  beside?(): Promise<Readonly<Record<string, number>>>;
}
