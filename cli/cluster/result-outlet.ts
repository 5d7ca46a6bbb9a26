import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { assert } from "../../base/errors.ts";
import { type CountRecord, type EngineAlertRecord, OUTPUTS } from "../../checks/records.ts";
import type { RecordFault } from "../../dataflow/source.ts";
import type { ResultOutlet, SinkOutput } from "../../flink/hosted-task.ts";
import { type OutboxRecord, outboxRecordOf } from "../../runtime/outbox.ts";
import { type EmittedAlert, encodeAlert, encodeVerdict, type VerdictRecord } from "../../schemas/contracts.ts";
import { evidenceRow } from "../evidence-row.ts";
import type { Masking } from "../masking.ts";
import { noticesOf } from "../notify/notices.ts";
import { type ResultRecord, ResultRecords } from "../result-records.ts";
import { type SortedOutbox, sortOutbox } from "../sorted-outbox.ts";
import { toJson } from "../terminal.ts";
import type { ChildSpec } from "./child-spec.ts";
import { EngineLog, type EngineLogOptions } from "./engine-log.ts";
import type { EvidenceDelivery } from "./evidence-delivery.ts";
import type { NoticeDelivery } from "./notice-delivery.ts";
import { FULL_BYTES, type Parcel, readParcels, WaitingResults, writeParcels } from "./waiting-results.ts";

/** What a task's results go through. */
export interface TaskResultsOptions extends Pick<EngineLogOptions, "checksOf" | "note"> {
  readonly spec: Pick<ChildSpec, "job" | "epoch" | "contracts" | "sinks" | "notify">;
  readonly output: SinkOutput;
  readonly mask?: Masking | undefined;
  /** Where the evidence goes, if anywhere; given up with the results. */
  readonly evidence?: EvidenceDelivery | undefined;
  /** Who is told of alerts; given up with the results. */
  readonly notices?: NoticeDelivery | undefined;
  /** Wall time in epoch ms. */
  readonly now: () => number;
}

/**
 * Results of a task on the cluster. Verdicts, alerts, dead letters, trouble of the engine and the records of the job's own
 * sinks go to Flink's sinks at once, encoded as the embedded runner does. Evidence and notices wait until their checkpoint is
 * confirmed, with their wall time fixed at its barrier, and are delivered from then on, however often that must be tried.
 */
export class TaskResults implements ResultOutlet {
  readonly #options: TaskResultsOptions;
  readonly #records: ResultRecords;
  readonly #sinks: ReadonlyMap<string, number>;
  readonly #engine: EngineLog;
  readonly #waiting = new WaitingResults();
  /** By check. */
  readonly #counts = new Map<string, { pass: number; pending: number }>();
  /** The verdict that was emitted last: what it masks, the alert behind it must not say either. */
  #lastVerdict: OutboxRecord | undefined;

  constructor(options: TaskResultsOptions) {
    this.#options = options;
    const { spec, output, now, checksOf, note } = options;
    const { job, epoch } = spec;
    this.#records = new ResultRecords(spec.contracts);
    this.#sinks = new Map(spec.sinks.map((name, number) => [name, number]));
    const write = (key: string, document: string) =>
      output.record(this.#sinkOf("engine-alerts"), Buffer.from(key), Buffer.from(document), now());
    this.#engine = new EngineLog({ job, epoch, checksOf, note, write });
  }

  emit(tag: string, record: unknown): void {
    const sink = this.#sinks.get(`sinks.${tag}`);
    if (sink !== undefined) {
      const { output, now } = this.#options;
      output.record(sink, null, Buffer.from(toJson(record)), now());
    } else if (tag === OUTPUTS.counts) this.#count(record as CountRecord);
    // What is reported at the end of all input goes nowhere.
    else if (tag !== OUTPUTS.finals) this.#tell(outboxRecordOf(tag, record));
  }

  save(checkpoint: number): Uint8Array {
    const { evidence, notices, now } = this.#options;
    this.#waiting.seal(checkpoint, now());
    const out = new ByteWriter();
    const laidDown = [...(notices?.waiting() ?? [])].map(({ notice, at }) => ({ at, rows: [], notices: [notice] }));
    writeParcels(out, [{ at: 0, rows: [...(evidence?.rows ?? [])], notices: [] }, ...laidDown]);
    writeParcels(out, this.#waiting.sealed());
    out.text(JSON.stringify(notices?.saveStorms() ?? []));
    this.#engine.save(out);
    return out.bytes();
  }

  /** What was saved belongs to a checkpoint that Flink restores, and so is confirmed. */
  restore(saved: readonly Uint8Array[]): void {
    const { evidence, notices } = this.#options;
    for (const bytes of saved) {
      const input = new ByteReader(bytes);
      for (const parcel of readParcels(input)) {
        evidence?.deliver(parcel.rows);
        notices?.again(parcel.notices, parcel.at);
      }
      const confirmed = readParcels(input);
      const storms: unknown = JSON.parse(input.text());
      notices?.restoreStorms(storms);
      this.#deliver(confirmed);
      this.#engine.restore(input);
    }
  }

  confirmed(checkpoint: number): void {
    this.#deliver(this.#waiting.confirmed(checkpoint));
  }

  get isFull(): boolean {
    return this.waitingBytes > FULL_BYTES;
  }

  get isStuck(): boolean {
    return this.#undeliveredBytes > FULL_BYTES;
  }

  /** Bytes, roughly, of what waits to be delivered. */
  get waitingBytes(): number {
    return this.#waiting.bytes + this.#undeliveredBytes;
  }

  /** Of what is confirmed. */
  get #undeliveredBytes(): number {
    const { evidence, notices } = this.#options;
    return (evidence?.bytes ?? 0) + (notices?.bytes ?? 0);
  }

  /** Judgements that were not emitted, by check. */
  get counts(): ReadonlyMap<string, { readonly pass: number; readonly pending: number }> {
    return this.#counts;
  }

  /** Nothing is on its way to servers that could be. */
  get isDelivered(): boolean {
    const { evidence, notices } = this.#options;
    return (evidence?.rows.length ?? 0) === 0 && (notices?.isIdle ?? true);
  }

  /** Breaks off what is being delivered; it is in checkpoints. */
  async close(): Promise<void> {
    this.#options.evidence?.close();
    await this.#options.notices?.close();
  }

  #tell(record: OutboxRecord): void {
    const { verdicts, alerts, engineAlerts, faults, suspensions, mended, schemaChanges } = this.#masked(record);
    for (const verdict of verdicts) this.#verdict(verdict);
    for (const alert of alerts) this.#alert(alert);
    for (const fault of faults) this.#fault(fault);
    for (const suspension of suspensions) {
      const alert = this.#engine.suspension(suspension);
      if (alert !== undefined) this.#notify({ alerts: [], engineAlerts: [alert] });
    }
    if (suspensions.length === 0) for (const alert of engineAlerts) this.#engineAlert(alert);
    for (const suspension of mended) this.#engine.mended(suspension);
    for (const change of schemaChanges) this.#engine.schemaChange(change);
  }

  /** One record as it may be seen. */
  #masked(record: OutboxRecord): SortedOutbox {
    const { mask } = this.#options;
    if (mask === undefined) return sortOutbox([record]);
    const isVerdict = record.kind === "emit" && record.output === OUTPUTS.verdicts;
    if (isVerdict) this.#lastVerdict = record;
    if (isVerdict || this.#lastVerdict === undefined) return mask.outbox(sortOutbox([record]));
    return { ...mask.outbox(sortOutbox([this.#lastVerdict, record])), verdicts: [] };
  }

  #verdict(verdict: VerdictRecord): void {
    const { spec, evidence } = this.#options;
    const { epoch } = spec;
    const encoded = encodeVerdict({ ...verdict, epoch });
    this.#write(this.#records.verdict(verdict, encoded));
    // Its wall time is fixed at the barrier.
    if (evidence !== undefined) this.#waiting.row(evidenceRow(verdict, epoch, encoded, 0));
  }

  #alert(alert: EmittedAlert): void {
    const { epoch } = this.#options.spec;
    this.#write(this.#records.alert(alert, encodeAlert({ ...alert, epoch })));
    this.#notify({ alerts: [alert], engineAlerts: [] });
  }

  #fault(fault: RecordFault): void {
    this.#write(this.#records.deadLetter(fault));
  }

  #engineAlert(alert: EngineAlertRecord): void {
    if (this.#engine.alert(alert)) this.#notify({ alerts: [], engineAlerts: [alert] });
  }

  #notify(news: Parameters<typeof noticesOf>[3]): void {
    const { notices, spec } = this.#options;
    if (notices === undefined) return;
    for (const notice of noticesOf(spec.notify, spec.job, spec.epoch, news)) this.#waiting.notice(notice);
  }

  /** Dated when it comes out, and not by event time: a topic's retention could remove at once what a backlog brings. */
  #write({ topic, key, value }: ResultRecord): void {
    const { output, now } = this.#options;
    output.record(this.#sinkOf(topic), Buffer.from(key), value, now());
  }

  #count({ check, pass, pending }: CountRecord): void {
    const counts = this.#counts.get(check) ?? { pass: 0, pending: 0 };
    this.#counts.set(check, { pass: counts.pass + pass, pending: counts.pending + pending });
  }

  #deliver(parcels: readonly Parcel[]): void {
    const { evidence, notices } = this.#options;
    for (const parcel of parcels) {
      evidence?.deliver(parcel.rows);
      notices?.deliver(parcel.notices, parcel.at);
    }
  }

  #sinkOf(name: string): number {
    const sink = this.#sinks.get(name);
    assert(sink !== undefined, `the plan has a sink ${name}`);
    return sink;
  }
}
