import type { Key } from "../../base/key.ts";
import type { RecordFault, SchemaChange, Suspension } from "../../dataflow/source.ts";
import type { AlertAction, EmittedAlert, VerdictRecord } from "../../schemas/contracts.ts";

/** Trouble of the engine or its sources, as a job emits it. */
export interface EngineAlert {
  readonly id: string;
  readonly code: string;
  readonly source: string;
  readonly message: string;
}

/** Passes and pendings of a check in one minute of event time, as a job emits them. */
export interface Count {
  readonly check: string;
  /** Start of the minute, in epoch ms. */
  readonly minute: number;
  readonly pass: number;
  readonly pending: number;
}

/** A money alert as its steps have left it. Times are event times in epoch ms. */
export interface MoneyAlert {
  readonly id: string;
  readonly check: string;
  readonly key: Key;
  readonly class: string;
  readonly currency: string;
  readonly period: string;
  readonly state: AlertState;
  /** Time of the first step. */
  readonly openedAt: number;
  /** Time of the last step. */
  readonly changedAt: number;
  /** Steps by which changed evidence updated it. */
  readonly updates: number;
  /** Decimal text in currency units, as of the last step. */
  readonly atRisk: string;
  readonly verdictVersion: number;
  readonly dueAt: number | null;
  /** How late the counterpart was that resolved it; null while open, or when nothing was late. */
  readonly lateByMs: number | null;
  /** Points at which it failed in just the same way, up to the last step. */
  readonly repeats: number;
  /** What the check adds for people; null for nothing. */
  readonly note: string | null;
  /** What somebody does about it; null where it is nobody's, or over. */
  readonly handling: AlertHandlingState | null;
}

/** `warning`: it will open unless what it waits for comes in time. */
export type AlertState = "warning" | "open" | "acknowledged" | "snoozed" | "accepted" | "resolved";

/** Who has an alert in hand, and since when. Times are wall times in epoch ms. */
export interface AlertHandlingState {
  readonly state: "acknowledged" | "snoozed" | "accepted";
  /** When a snooze is over; else null. */
  readonly until: number | null;
  readonly note: string;
  readonly who: string;
  readonly at: number;
}

/** What somebody does about an alert. */
export interface AlertChoice {
  readonly decision: AlertDecision["decision"];
  /** Why; an alert is accepted with a note only. */
  readonly note: string;
  /** Of a snooze: the wall time in epoch ms at which it is over. */
  readonly until?: number;
}

/** A step in the life of an alert. Null where it was recorded by a version that did not keep it. */
export interface AlertStep {
  readonly verdictVersion: number;
  readonly action: AlertAction;
  /** Event time in epoch ms. */
  readonly time: number | null;
  readonly atRisk: string | null;
  readonly lateByMs: number | null;
}

/** Differences of one class in the same fields, as the alerts of a check tell them. */
export interface Mismatches {
  readonly class: string;
  /** Names of the fields; none where a row as a whole is missing. */
  readonly fields: readonly string[];
  /** How often alerts were opened, or opened again, by them. */
  readonly count: number;
  /** Event time of the last one, or of its last change; null where it was not kept. */
  readonly lastAt: number | null;
}

/** Comparisons that were clean, and the minutes of event time that they are of; null for none. */
export interface Comparisons {
  readonly count: number;
  readonly firstMinute: number | null;
  readonly lastMinute: number | null;
}

/** Which money alerts; what is left out is not narrowed. */
export interface AlertQuery {
  readonly state?: AlertState;
  readonly check?: string;
  readonly class?: string;
  readonly currency?: string;
  /** Alerts wanted, a positive integer; `MAX_ROWS` at most, whatever is asked. */
  readonly limit: number;
}

/** An engine alert and how often it was seen, by the wall clock. */
export interface SeenEngineAlert extends EngineAlert {
  readonly count: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** `read`: nobody decided, but a later run could use the record, for instance because the registry was mended. */
export type DeadLetterState = "open" | "replayed" | "discarded" | "read";

/** What a run has read of a partition: everything before an offset. */
export interface ReadPart {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  /** Offset after the last record that was read. */
  readonly end: number;
}

/** A record that cannot be used, without its raw bytes. */
export interface DeadLetterSummary extends Omit<RecordFault, "key" | "value"> {
  readonly state: DeadLetterState;
  /** Wall time at which it was recorded, in epoch ms. */
  readonly recordedAt: number;
  /** Size of the raw value; null for none. */
  readonly valueBytes: number | null;
}

/** A record that cannot be used, whole, and what was decided about it, oldest first. */
export interface DeadLetter extends DeadLetterSummary, RecordFault {
  readonly decisions: readonly DeadLetterDecision[];
}

/** A suspension and the checks that wait. */
export interface SuspensionEntry extends Suspension {
  /** Open while a check of it is not resumed. */
  readonly state: SuspensionState;
  readonly recordedAt: number;
  readonly checks: readonly { readonly check: string; readonly state: SuspensionState }[];
}

/** `resumed`: by a person; `mended`: by itself, when what had been left out was read. */
export type SuspensionState = "open" | "resumed" | "mended";

/** A schema change, once for each table and schema, with the wall time in epoch ms at which it was recorded. */
export interface SchemaChangeEntry extends SchemaChange {
  readonly recordedAt: number;
}

/** What a person decided, or a run found. `seq` ascends in the order of decisions. */
export type Decision = DeadLetterDecision | ResumeDecision | AlertDecision;

interface DecisionBase {
  readonly seq: number;
  /** Id of the dead letter, of the suspension or of the alert. */
  readonly id: string;
  /** Why; empty where none was asked for. */
  readonly note: string;
  /** User of the operating system. */
  readonly who: string;
  /** Wall time in epoch ms. */
  readonly at: number;
}

/** A dead letter is settled. */
export interface DeadLetterDecision extends DecisionBase {
  readonly kind: "dead-letter";
  readonly decision: "replayed" | "discarded" | "read";
}

/** One check of a suspension goes on. */
export interface ResumeDecision extends DecisionBase {
  readonly kind: "suspension";
  readonly decision: "resumed";
  readonly check: string;
}

/** Somebody does something about an alert. */
export interface AlertDecision extends DecisionBase {
  readonly kind: "alert";
  readonly decision: "acknowledged" | "snoozed" | "accepted" | "reopened";
  /** Of a snooze: the wall time in epoch ms at which it is over. */
  readonly until?: number;
}

/** How a run ended. */
export interface RunEnd {
  readonly state: "complete" | "interrupted" | "failed";
  /** Code of the error that it failed with; null for an error without one, and where it did not fail. */
  readonly code: string | null;
}

/**
 * How a run begins. `afresh`: it reads its whole log and brings out all results again, in the place of those of the run
 * before; `again`: it reads its log from the start too, and adds to what is there; `on`: the run that began last goes on.
 */
export type RunStart = "afresh" | "again" | "on";

/** Names a delivery for ever: what a checkpoint of a job brought out. They ascend by epoch, attempt and checkpoint. */
export interface DeliveryId {
  readonly job: string;
  readonly epoch: number;
  /** Which start of the job made the checkpoint. */
  readonly attempt: number;
  readonly checkpoint: number;
}

/** What a delivery lays on the desk. */
export interface Delivered {
  readonly alerts: readonly EmittedAlert[];
  readonly engineAlerts: readonly EngineAlert[];
  /** To be added to those of the same check and minute. */
  readonly counts: readonly Count[];
  readonly faults: readonly RecordFault[];
  /** Suspensions with the uids of the checks that they suspend, one at least. */
  readonly suspensions: readonly { readonly suspension: Suspension; readonly checks: readonly string[] }[];
  /** Ids of suspensions that are over by themselves; after those that begin. */
  readonly mended: readonly string[];
  readonly schemaChanges: readonly SchemaChange[];
  /** In the order of their versions; what they say of the baseline is kept. */
  readonly verdicts: readonly BaselineVerdict[];
  /** Who is told of it; only of what is new. */
  readonly notices: readonly Notice[];
}

/** News for one sink, to be kept until it is told. */
export interface Notice {
  /** Its idempotency key. */
  readonly id: string;
  readonly sink: string;
  /** What it is news of: that of one alert is told in order. */
  readonly alert: string;
  /** Null for trouble of the engine. */
  readonly check: string | null;
  readonly action: string;
  /** Of the step that it tells; null for what is no step of a money alert. */
  readonly verdictVersion: number | null;
  /** From how many on they are told as one; null for what is always told by itself. */
  readonly storm: StormLimits | null;
  /** JSON of the news. */
  readonly body: string;
}

/** More alerts of one check than that, opened within that time, are a storm. */
export interface StormLimits {
  readonly moreThan: number;
  readonly withinMs: number;
}

/** A storm of alerts, for one sink. Times are wall times in epoch ms. */
export interface Storm {
  readonly id: string;
  readonly sink: string;
  readonly check: string;
  readonly beganAt: number;
  /** When an alert of it opened last. */
  readonly lastAt: number;
  /** How many alerts of it were told of last, and when; null where nobody was told of it yet. */
  readonly told: number | null;
  readonly toldAt: number | null;
}

/** An alert of a storm, as an example of it. */
export type StormSample = Pick<
  MoneyAlert,
  "id" | "key" | "class" | "currency" | "period" | "atRisk" | "verdictVersion"
>;

/** A notice that waits. Times are wall times in epoch ms. */
export interface WaitingNotice extends Omit<Notice, "verdictVersion" | "storm"> {
  readonly queuedAt: number;
  /** Times that it was sent in vain. */
  readonly attempts: number;
  /** Why it waits still, or what was found when its alert was confirmed. */
  readonly note: string | null;
}

/**
 * `held`: a storm tells of it; `dropped`: its alert was over before the source of truth confirmed it; `given-up`: its sink
 * did not take it for so long that nobody tries any more.
 */
export type NotificationState = "waiting" | "sent" | "held" | "dropped" | "given-up";

/** How many notifications are in each state that there is. */
export type NotificationCounts = Partial<Readonly<Record<NotificationState, number>>>;

/** What became of an attempt to tell. */
export interface SentAttempt {
  readonly id: string;
  readonly state: Exclude<NotificationState, "held">;
  readonly note: string | null;
  /** When to try again, where it waits. */
  readonly nextAt: number;
  readonly at: number;
  /** False where it was only held back, and nothing was sent. */
  readonly isAttempt: boolean;
}

/** A notification as people see it. Times are wall times in epoch ms. */
export interface NotificationEntry {
  readonly id: string;
  readonly sink: string;
  readonly alert: string;
  readonly check: string | null;
  readonly action: string;
  readonly state: NotificationState;
  readonly queuedAt: number;
  readonly nextAt: number;
  readonly attempts: number;
  readonly note: string | null;
  readonly settledAt: number | null;
}

/** All that happened to a money alert, each list in its order. */
export interface AlertHistory {
  readonly alert: MoneyAlert;
  readonly steps: readonly AlertStep[];
  readonly decisions: readonly AlertDecision[];
  readonly notifications: readonly NotificationEntry[];
}

/** What of a verdict tells of the baseline. */
export type BaselineVerdict = Pick<
  VerdictRecord,
  "check" | "key" | "currency" | "period" | "class" | "atRisk" | "time" | "version" | "baseline"
>;

/** A failure that was there before the first change was seen, as its last verdict says. */
export interface BaselineEntry {
  readonly check: string;
  readonly key: Key;
  readonly currency: string;
  readonly period: string;
  readonly class: string;
  /** Decimal text in currency units. */
  readonly atRisk: string;
  /** Event time of the verdict, in epoch ms. */
  readonly time: number;
}

/** A run that wrote to the desk. Times are wall times in epoch ms. */
export interface RunRecord {
  /** Name of the job. */
  readonly job: string;
  readonly startedAt: number;
  /** Null while it is unfinished. */
  readonly endedAt: number | null;
  /** `unfinished`: it goes on, or was killed before it could say how it ended. */
  readonly state: RunEnd["state"] | "unfinished";
  readonly code: string | null;
}

/** Most rows in one answer. */
export const MAX_ROWS = 1_000;

/** Longest note, in characters. */
export const MAX_NOTE = 2_000;
