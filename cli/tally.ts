import { type EngineAlertRecord, type FinalRecord, OUTPUTS, type Status } from "../checks/records.ts";
import type { OutboxRecord } from "../runtime/outbox.ts";
import type { AlertRecord } from "../schemas/contracts.ts";
import { Amounts } from "./amounts.ts";
import { alertOf } from "./sorted-outbox.ts";

/** Final verdicts of one check that say the same. */
export interface FinalCount {
  readonly check: string;
  readonly status: Status;
  readonly class: string | null;
  readonly baseline: boolean;
  count: number;
  /** Money at risk. */
  readonly atRisk: Amounts;
}

/** What a tally keeps of a run that is gone on with: plain JSON. Final verdicts come at the end, so they are not in it. */
export interface SavedTally {
  readonly verdicts: number;
  readonly alerts: number;
  readonly faults: number;
  readonly openAlerts: readonly string[];
  readonly engineAlerts: readonly EngineAlertRecord[];
}

/** Counts what a run brings, in memory that grows with the alerts that are open, and with the kinds of engine alerts. */
export class Tally {
  /** Verdicts emitted. */
  verdicts = 0;
  /** Alerts opened, or opened again. */
  alerts = 0;
  faults = 0;
  readonly #finals = new Map<string, FinalCount>();
  readonly #openAlerts = new Set<string>();
  readonly #engineAlerts = new Map<string, EngineAlertRecord>();

  /** Counts what came out, once each. */
  observe(records: readonly OutboxRecord[]): void {
    for (const each of records) {
      if (each.kind === "emit") this.#emitted(each.output, each.record);
      else if (each.kind === "engine-alert") this.#engineAlert(each.alert);
      else if (each.kind === "fault") this.faults++;
      else if (each.kind === "suspension") this.#engineAlert(alertOf(each.suspension));
    }
  }

  /** What it has counted so far, but for final verdicts. */
  save(): SavedTally {
    const { verdicts, alerts, faults } = this;
    return { verdicts, alerts, faults, openAlerts: [...this.#openAlerts], engineAlerts: this.engineAlerts() };
  }

  /** Goes on from what was saved, in the place of what was counted. */
  restore({ verdicts, alerts, faults, openAlerts, engineAlerts }: SavedTally): void {
    Object.assign(this, { verdicts, alerts, faults });
    this.#finals.clear();
    this.#openAlerts.clear();
    this.#engineAlerts.clear();
    for (const id of openAlerts) this.#openAlerts.add(id);
    for (const alert of engineAlerts) this.#engineAlert(alert);
  }

  #emitted(output: string, record: unknown): void {
    if (output === OUTPUTS.verdicts) this.verdicts++;
    else if (output === OUTPUTS.alerts) this.#alert(record as AlertRecord);
    else if (output === OUTPUTS.finals) this.#final(record as FinalRecord);
    else if (output === OUTPUTS.engine) this.#engineAlert(record as EngineAlertRecord);
  }

  #engineAlert(alert: EngineAlertRecord): void {
    this.#engineAlerts.set(alert.id, alert);
  }

  /** Final verdicts that say the same, by check, status and class. Only a bounded run has any. */
  finals(): FinalCount[] {
    const text = ({ check, status, class: cause, baseline }: FinalCount) => `${check}/${status}/${cause}/${baseline}`;
    return [...this.#finals.values()].sort((a, b) => (text(a) < text(b) ? -1 : 1));
  }

  /** Final verdicts by status. */
  statuses(): Record<Status, number> {
    const counts = { pass: 0, fail: 0, pending: 0, unobservable: 0 };
    for (const { status, count } of this.#finals.values()) counts[status] += count;
    return counts;
  }

  /** Money alerts that this run opened and did not resolve. */
  get openAlerts(): number {
    return this.#openAlerts.size;
  }

  /** Engine alerts, each once. */
  engineAlerts(): EngineAlertRecord[] {
    return [...this.#engineAlerts.values()];
  }

  /** True when something is wrong with money: a final failure that was not there before, or an open alert. */
  get hasDiscrepancies(): boolean {
    return (
      this.openAlerts > 0 || [...this.#finals.values()].some((final) => final.status === "fail" && !final.baseline)
    );
  }

  #alert({ id, action }: AlertRecord): void {
    if (action === "resolved") this.#openAlerts.delete(id);
    else if (action !== "warned") this.#openAlerts.add(id);
    if (action === "opened" || action === "reopened") this.alerts++;
  }

  #final({ check, status, class: cause, baseline, currency, atRisk }: FinalRecord): void {
    const id = `${check}/${status}/${cause}/${baseline}`;
    const known = this.#finals.get(id);
    const final = known ?? { check, status, class: cause, baseline, count: 0, atRisk: new Amounts() };
    final.count++;
    final.atRisk.add(currency, atRisk);
    this.#finals.set(id, final);
  }
}
