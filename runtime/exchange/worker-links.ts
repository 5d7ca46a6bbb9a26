import { Batch } from "../../base/batch.ts";
import type { Graph } from "../../dataflow/graph.ts";
import { layoutOf } from "../../dataflow/graph.ts";
import type { KeyedEdge, Port } from "../job-tasks.ts";
import { planOf } from "../plan.ts";
import type { WorkerLinks } from "../worker.ts";
import { ChannelReader, ChannelWriter } from "./channel.ts";
import { ChannelMerger } from "./channel-merger.ts";
import { Doorbell } from "./doorbell.ts";
import { KeyExchange } from "./key-exchange.ts";
import { makeRing, RingReader, RingWriter } from "./ring.ts";

/** Memory that all workers of a run share: a ring for each edge, sender and receiver, and a doorbell for each worker. */
export interface LinksMemory {
  /** `rings[edge][from][to]`. */
  readonly rings: readonly (readonly (readonly SharedArrayBuffer[])[])[];
  readonly bells: readonly SharedArrayBuffer[];
}

/** All rings together take about so much, each of them between these bounds. */
const ALL_RINGS_BYTES = 1 << 26;
const MOST_RING_BYTES = 1 << 20;
const LEAST_RING_BYTES = 1 << 12;

/** Frames that are taken from a channel before the next one has its turn. */
const FRAMES_PER_TURN = 8;

/** Makes the memory that connects so many workers of a job. */
export function makeLinksMemory(graph: Graph, workers: number): LinksMemory {
  const edges = planOf(graph).tasks.reduce((sum, task) => sum + task.outputs.length, 0);
  const share = 2 ** Math.floor(Math.log2(ALL_RINGS_BYTES / Math.max(1, edges * workers * workers)));
  const bytes = Math.min(MOST_RING_BYTES, Math.max(LEAST_RING_BYTES, share));
  const perWorker = <T>(make: () => T) => Array.from({ length: workers }, make);
  return {
    rings: Array.from({ length: edges }, () => perWorker(() => perWorker(() => makeRing(bytes)))),
    bells: perWorker(() => new Doorbell().memory),
  };
}

interface Edge {
  readonly fromTask: number;
  readonly toTask: number;
  readonly input: Port;
  readonly writers: readonly ChannelWriter[];
  readonly readers: readonly ChannelReader[];
  readonly merger: ChannelMerger;
  /** The barrier has come on all its channels: nothing more is taken before the whole worker has it. */
  isAligned: boolean;
}

/** Connects one worker to all, itself included, through shared memory. */
export class RingLinks implements WorkerLinks {
  /** Rung whenever there is something to receive, or room again to send. */
  readonly bell: Doorbell;
  readonly #memory: LinksMemory;
  readonly #index: number;
  readonly #edges: Edge[] = [];

  constructor(memory: LinksMemory, index: number) {
    this.#memory = memory;
    this.#index = index;
    this.bell = new Doorbell(memory.bells[index]!);
  }

  exchange(edge: KeyedEdge, input: Port): Port {
    const { rings, bells } = this.#memory;
    const own = rings[this.#edges.length]!;
    const workers = [...bells.keys()];
    const bellOf = (worker: number) => new Doorbell(bells[worker]!);
    const layout = layoutOf(edge.from);
    const batches = [new Batch(layout)];
    const writers = workers.map((to) => new ChannelWriter(new RingWriter(own[this.#index]![to]!, bellOf(to))));
    const readers = workers.map(
      (from) => new ChannelReader(new RingReader(own[from]![this.#index]!, bellOf(from)), batches),
    );
    const { fromTask, toTask } = edge;
    const made: Edge = {
      fromTask,
      toTask,
      input,
      writers,
      readers,
      merger: this.#merger(workers, input, () => made),
      isAligned: false,
    };
    this.#edges.push(made);
    const exchange = new KeyExchange(edge.key, 0, writers);
    let barriers = 0;
    return {
      batch: (batch) => exchange.batch(batch),
      control: (element) => exchange.control(element),
      end: () => exchange.end(),
      barrier: () => {
        for (const writer of writers) writer.barrier(barriers);
        barriers++;
      },
    };
  }

  receive(): boolean {
    let some = false;
    for (const edge of this.#edges) {
      if (this.#isBlockedFrom(edge.toTask)) continue;
      for (const [from, reader] of edge.readers.entries()) {
        for (let frames = 0; frames < FRAMES_PER_TURN && !edge.isAligned && !edge.merger.isHeld(from); frames++) {
          if (!reader.read(edge.merger.handlerOf(from))) break;
          some = true;
        }
      }
    }
    return some;
  }

  flush(): boolean {
    let isEmpty = true;
    for (const { writers } of this.#edges) for (const writer of writers) if (!writer.flush()) isEmpty = false;
    return isEmpty;
  }

  release(): void {
    for (const edge of this.#edges) edge.isAligned = false;
  }

  /** A task gets no more while its outputs, or those of a task behind it, find no room; the last task always goes on. */
  #isBlockedFrom(task: number): boolean {
    return this.#edges.some(({ fromTask, writers }) => fromTask >= task && writers.some((writer) => writer.isBlocked));
  }

  #merger(workers: readonly number[], input: Port, edge: () => Edge): ChannelMerger {
    return new ChannelMerger(
      workers.map(() => [0]),
      {
        batch: (_input, batch) => input.batch(batch),
        control: (_input, element) => input.control(element),
        end: () => input.end(),
      },
      () => {
        edge().isAligned = true;
        input.barrier();
      },
    );
  }
}
