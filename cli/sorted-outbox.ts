import { type CountRecord, type EngineAlertRecord, OUTPUTS } from "../checks/records.ts";
import type { RecordFault, SchemaChange, Suspension } from "../dataflow/source.ts";
import type { OutboxRecord } from "../runtime/outbox.ts";
import type { EmittedAlert, VerdictRecord } from "../schemas/contracts.ts";
import { toJson } from "./terminal.ts";

/** An outbox by where its records go, each in the order in which they were emitted, but for what is only added up. */
export interface SortedOutbox {
  readonly verdicts: readonly VerdictRecord[];
  readonly alerts: readonly EmittedAlert[];
  /** Bytes by their contracts of those verdicts and alerts that a checkpoint has encoded. */
  readonly encoded: ReadonlyMap<object, Uint8Array>;
  readonly engineAlerts: readonly EngineAlertRecord[];
  /** One for each check and minute. */
  readonly counts: readonly CountRecord[];
  readonly faults: readonly RecordFault[];
  readonly suspensions: readonly Suspension[];
  /** Ids of suspensions that are over by themselves. */
  readonly mended: readonly string[];
  readonly schemaChanges: readonly SchemaChange[];
  /** JSON of what went to the job's own sinks, by their names. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
}

/** Sorts an outbox. What is reported at a run's end goes nowhere. */
export function sortOutbox(records: readonly OutboxRecord[]): SortedOutbox {
  const verdicts: VerdictRecord[] = [];
  const alerts: EmittedAlert[] = [];
  const encoded = new Map<object, Uint8Array>();
  const engineAlerts: EngineAlertRecord[] = [];
  const counts: CountSums = new Map();
  const faults: RecordFault[] = [];
  const suspensions: Suspension[] = [];
  const mended: string[] = [];
  const schemaChanges: SchemaChange[] = [];
  const lines = new Map<string, string[]>();
  const emit = (output: string, record: unknown) => {
    if (output === OUTPUTS.verdicts) verdicts.push(record as VerdictRecord);
    else if (output === OUTPUTS.alerts) alerts.push(record as EmittedAlert);
    else if (output === OUTPUTS.engine) engineAlerts.push(record as EngineAlertRecord);
    else if (output === OUTPUTS.counts) addTo(counts, record as CountRecord);
    else if (output !== OUTPUTS.finals) {
      const own = lines.get(output);
      if (own === undefined) lines.set(output, [toJson(record)]);
      else own.push(toJson(record));
    }
  };
  for (const each of records) {
    if (each.kind === "emit") {
      emit(each.output, each.record);
      if (each.encoded !== undefined) encoded.set(each.record as object, each.encoded);
    } else if (each.kind === "engine-alert") engineAlerts.push(each.alert);
    else if (each.kind === "fault") faults.push(each.fault);
    else if (each.kind === "mended") mended.push(each.suspension);
    else if (each.kind === "schema-change") schemaChanges.push(each.change);
    else {
      suspensions.push(each.suspension);
      engineAlerts.push(alertOf(each.suspension));
    }
  }
  const added = [...counts.values()].flatMap((minutes) => [...minutes.values()]);
  return { verdicts, alerts, encoded, engineAlerts, counts: added, faults, suspensions, mended, schemaChanges, lines };
}

/** The engine alert that says that checks wait. */
export function alertOf({ id, source, message }: Suspension): EngineAlertRecord {
  return { id: `CHECKS_SUSPENDED/${id}`, code: "CHECKS_SUSPENDED", source, message };
}

/** What was counted, by check and minute. */
type CountSums = Map<string, Map<number, CountRecord>>;

function addTo(counts: CountSums, count: CountRecord): void {
  const { check, minute, pass, pending } = count;
  const minutes = counts.get(check);
  const known = minutes?.get(minute);
  if (minutes === undefined) counts.set(check, new Map([[minute, count]]));
  else if (known === undefined) minutes.set(minute, count);
  else minutes.set(minute, { check, minute, pass: known.pass + pass, pending: known.pending + pending });
}
