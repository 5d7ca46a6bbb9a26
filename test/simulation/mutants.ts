/** A bug that is put in on purpose, to see that the simulator finds it. */
export interface Mutant {
  readonly name: string;
  /** From the project's root. */
  readonly file: string;
  /** Text that is there exactly once, and what takes its place. */
  readonly find: string;
  readonly replace: string;
  /** What goes wrong then. */
  readonly why: string;
}

/** Bugs of the kinds that matter here: each must be found. */
export const mutants: readonly Mutant[] = [
  {
    name: "segments are not synced",
    file: "state/segment.ts",
    find: "await this.file.sync();",
    replace: "await undefined;",
    why: "A checkpoint names state that a power cut takes away.",
  },
  {
    name: "a part that is written in turns is handed in before it is durable",
    file: "state/state-store.ts",
    find: "this.#sync(begun.order).then(() => part)",
    replace: "Promise.resolve(part)",
    why: "The manifest is written ahead of the state that it names.",
  },
  {
    name: "what is changed while a part is written is in it",
    file: "state/entry-cache.ts",
    find: "if (this.#front.size > 0 && this.#front.has(cached)) this.#table.inFront(() => this.#rewrite(cached));",
    replace: "",
    why: "The state is ahead of the positions.",
  },
  {
    name: "what is put while a part is written is in it",
    file: "state/state-store.ts",
    find: "segments: part.segments.filter(({ order }) => order <= last)",
    replace: "segments: part.segments",
    why: "The state is ahead of the positions.",
  },
  {
    name: "the folder of segments is not synced",
    file: "state/state-store.ts",
    find: "(hasNewFiles ? log.disk.syncFolder(log.dir) : undefined)",
    replace: "undefined",
    why: "New segments lose their names.",
  },
  {
    name: "manifest and outbox are not synced before the rename",
    file: "runtime/checkpoint/checkpoint-store.ts",
    find: "await file.sync();",
    replace: "await undefined;",
    why: "A checkpoint has its name before its bytes.",
  },
  {
    name: "the rename of the manifest is not made durable",
    file: "runtime/checkpoint/checkpoint-store.ts",
    find: 'await this.#disk.syncFolder(this.#dir);\n    this.#onPoint("checkpoint-renamed");',
    replace: 'this.#onPoint("checkpoint-renamed");',
    why: "What a checkpoint brought out is out, and the checkpoint is not there.",
  },
  {
    name: "the state folder is taken without a sync",
    file: "runtime/checkpoint/state-folder.ts",
    find: "await file.sync();",
    replace: "await undefined;",
    why: "The file that says whose turn it is may be torn.",
  },
  {
    name: "the state folder's own name is not durable",
    file: "runtime/checkpoint/state-folder.ts",
    find: "await disk.syncFolder(dirname(resolve(dir)));",
    replace: "await undefined;",
    why: "All state is lost with the folder's name, and results are brought out again from the beginning.",
  },
  {
    name: "a part is handed in before it is durable",
    file: "state/state-store.ts",
    find: "return durable.then(() => part);",
    replace: "durable.catch(() => undefined); return Promise.resolve(part);",
    why: "The manifest is written ahead of the state that it names.",
  },
  {
    name: "the last record of an outbox is lost when it is redone",
    file: "runtime/checkpoint/recovery.ts",
    find: "const records = checkpoints.readOutbox(from);",
    replace: "const records = checkpoints.readOutbox(from).slice(0, -1);",
    why: "Off by one.",
  },
  {
    name: "the first record of an outbox comes twice when it is redone",
    file: "runtime/checkpoint/recovery.ts",
    find: "const records = checkpoints.readOutbox(from);",
    replace: "const read = checkpoints.readOutbox(from); const records = [...read.slice(0, 1), ...read];",
    why: "Off by one.",
  },
  {
    name: "the marker comes before the outbox",
    file: "cli/outputs.ts",
    find: "await this.#putRecords(outbox, ahead, delivery);\n      await this.#log.sync();",
    replace:
      "this.#log.marker({ ...this.#nameOf(delivery), time: takenAt }); await this.#log.sync(); await this.#putRecords(outbox, ahead, delivery); await this.#log.sync(); await this.#sinks.write(before.sinks, outbox.lines); this.#layOnDesk(outbox, delivery); return;",
    why: "What the marker says is out may never come.",
  },
  {
    name: "an outbox that is begun is appended again",
    file: "cli/outputs.ts",
    find: "this.#log.goOnBehind(before.log);",
    replace: "",
    why: "What was out before the crash comes twice.",
  },
  {
    name: "the log is not synced before its marker",
    file: "cli/outputs.ts",
    find: "await this.#putRecords(outbox, ahead, delivery);\n      await this.#log.sync();",
    replace: "await this.#putRecords(outbox, ahead, delivery);",
    why: "A power cut may leave the marker and take what it stands for.",
  },
  {
    name: "files of sinks are not synced",
    file: "cli/sink-files.ts",
    find: "), size);\n      await file.sync();",
    replace: "), size);",
    why: "Lines that were out are gone.",
  },
  {
    name: "copies in a savepoint are not synced",
    file: "runtime/checkpoint/savepoint.ts",
    find: "await target.sync();",
    replace: "",
    why: "The run that begins from it may lose its state.",
  },
  {
    name: "a sink's file is appended to",
    file: "cli/sink-files.ts",
    find: "), size);",
    replace: "), held);",
    why: "Lines leave gaps, or come twice.",
  },
  {
    name: "what is ahead of a damaged checkpoint is not remembered",
    file: "cli/outputs.ts",
    find: "this.#ahead = await this.#namesAhead(delivery);",
    replace: "",
    why: "What a lost checkpoint brought out comes again.",
  },
  {
    name: "counts are not taken back",
    file: "cli/outputs.ts",
    find: "this.desk.takeBackBehind(this.#nameOf(delivery));",
    replace: "",
    why: "What a lost checkpoint counted counts twice.",
  },
  {
    name: "the checkpoint before is pruned too early",
    file: "runtime/checkpoint/checkpointer.ts",
    find: "checkpoints.prune(this.#newest === undefined ? [manifest] : [this.#newest, manifest]);",
    replace: "checkpoints.prune([manifest]);",
    why: "Nothing is left to go on from when the newest is damaged.",
  },
  {
    name: "timers are lost at a restore",
    file: "state/keyed-entries.ts",
    find: "for (let i = 0; i < timers.length; i += 2) this.#queues[",
    replace: "for (let i = 2; i < timers.length; i += 2) this.#queues[",
    why: "The first timer of each key never fires.",
  },
  {
    name: "timers that have fired are kept",
    file: "state/keyed-entries.ts",
    find: "timers.splice(i, 2);",
    replace: "",
    why: "They fire again after a restore.",
  },
  {
    name: "what is behind a barrier is let in",
    file: "runtime/exchange/worker-links.ts",
    find: "edge().isAligned = true;",
    replace: "",
    why: "Rows behind the barrier are in a part while other tasks of the worker wait for it.",
  },
  {
    name: "held channels are read on",
    file: "runtime/exchange/channel-merger.ts",
    find: "this.#held[channel] = true;\n    this.#align();",
    replace: "this.#aligned(checkpoint); this.#lastAligned = checkpoint; this.#pending = undefined;",
    why: "The first barrier counts for all channels.",
  },
  {
    name: "sources are read on while a barrier is on its way",
    file: "runtime/worker.ts",
    find: "if (this.#isResting || !hasRoom ||",
    replace: "if (!hasRoom ||",
    why: "Positions are behind rows that are not in the state.",
  },
  {
    name: "a barrier overtakes what is being fetched",
    file: "runtime/worker.ts",
    find: "this.#isFetching = true;\n    const [some] = await Promise.all([read, finish()]);\n    this.#afterReading(some);\n    this.#isFetching = false;\n    if (this.#isResting) this.#sendBarrier();",
    replace: "const [some] = await Promise.all([read, finish()]);\n    this.#afterReading(some);",
    why: "What is fetched is behind the barrier, and its position is not.",
  },
  {
    name: "a read that failed half way is done again",
    file: "runtime/source-loop.ts",
    find: "|| driver.isBroken",
    replace: "",
    why: "Its beginning is taken in twice, or its end never.",
  },
  {
    name: "positions are saved one record late",
    file: "connectors/debezium/reader.ts",
    find: "out.uint(this.position(split));",
    replace: "out.uint(Math.min(this.position(split) + 1, this.endOffset(split)));",
    why: "A record is passed over at a restore.",
  },
  {
    name: "a split that is restored is taken to be read to its end",
    file: "runtime/source-driver.ts",
    find: "this.#frontier.restore(index, input);",
    replace: "this.#frontier.restore(index, input); if (index === 0) this.#frontier.progress(index, 8.64e15);",
    why: "Keys are judged before what belongs to them has been read.",
  },
  {
    name: "key groups are owned by the next worker",
    file: "runtime/checkpoint/restored.ts",
    find: "return subtaskOf(keyGroup, this.#parallelism) === this.#worker;",
    replace: "return subtaskOf(keyGroup + 1, this.#parallelism) === this.#worker;",
    why: "A group at the edge of a range is restored where its rows do not come.",
  },
  {
    name: "checksums of blocks are not looked at",
    file: "state/block.ts",
    find: "if (crc32(buffer.subarray(4, length), position) !== buffer.readUInt32LE(0)) {",
    replace: "if (length < 0) {",
    why: "Damaged state is gone on with.",
  },
  {
    name: "the checksum of an outbox is not looked at",
    file: "runtime/checkpoint/checkpoint-store.ts",
    find: "if (found.length !== bytes || crc32(found) !== crc)",
    replace: "if (found.length !== bytes)",
    why: "A damaged outbox is brought out.",
  },
  {
    name: "what operators keep besides their keys is not saved",
    file: "runtime/operators/operator-host.ts",
    find: "this.#operator.save?.(out);",
    replace: "",
    why: "A check forgets how far sources have been read, and its counts.",
  },
  {
    name: "removals are not heeded at a restore",
    file: "state/store-table.ts",
    find: "if (slot >= 0) this.#unset(this.#indexOf(record.group), slot);",
    replace: "",
    why: "What was removed is back.",
  },
  {
    name: "dead segments are dropped out of order",
    file: "state/record-log.ts",
    find: "while (!this.isCut && this.segments.length > 0 && this.segments[0]!.liveBytes === 0) {\n      const segment = this.segments[0]!;\n      if (segment === this.#last.segment) this.roll();\n      this.segments.shift();",
    replace:
      "for (; !this.isCut; ) {\n const at = this.segments.findIndex((each) => each.liveBytes === 0); if (at < 0) return; const segment = this.segments[at]!;\n if (segment === this.#last.segment) this.roll();\n this.segments.splice(at, 1);",
    why: "Removals are lost while what they remove is still there.",
  },
  {
    name: "records that moved are not written anew",
    file: "state/store-table.ts",
    find: "if (slot < 0) return;\n    const log = this.#log;\n    const index = this.#indexOf(record.group);\n    const { buffer, group, keyStart, keyEnd, start, end } = record;\n    log.append(",
    replace:
      "if (slot < 0) return;\n    const log = this.#log;\n    const index = this.#indexOf(record.group);\n    const { buffer, group, keyStart, keyEnd, start } = record; const end = start;\n    log.append(",
    why: "Compaction loses values.",
  },
  {
    name: "records of others come back from a shared file",
    file: "state/restore-parts.ts",
    find: "(table, group) => counts(file, table, group) && owns(table, group)",
    replace: "(table, group) => owns(table, group)",
    why: "What was removed since by another worker comes back from a file that is shared.",
  },
];
