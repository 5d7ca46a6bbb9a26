/** What a job author uses. Nothing else is public. */

export { type BusinessDays, businessDays, type Cutoff, cutoff, type Deadline } from "./base/business-days.ts";
export {
  type BusinessCalendar,
  type CalendarName,
  type CalendarSpec,
  calendar,
  type Weekday,
} from "./base/calendar.ts";
export type { ErrorCode } from "./base/error-catalogue.ts";
export { type CountercheckError, isError } from "./base/errors.ts";
export type { RoundingMode } from "./base/money.ts";
export { type Duration, days, hours, milliseconds, minutes, seconds } from "./base/time.ts";
export type { ApprovalsSpec, AuditSpec, Severity } from "./checks/audit/audit.ts";
export type { BoundSpec } from "./checks/bound/bound.ts";
export type {
  CheckedModels,
  CheckedRows,
  CommonKey,
  CustomContext,
  CustomSpec,
} from "./checks/custom/custom.ts";
export type { FailureFinding, Finding, PendingFinding } from "./checks/custom/finding.ts";
export type { StateValue } from "./checks/custom/state-text.ts";
export { type Job, type JobEnvironment, job } from "./checks/job.ts";
export type { Legs } from "./checks/legs.ts";
export type { ReconcileSpec } from "./checks/reconcile/reconcile.ts";
export type { Tolerance } from "./checks/reconcile/tolerance.ts";
export type { AlertRecord, Contribution, VerdictRecord } from "./checks/records.ts";
export type { Comparisons, FieldComparison, ReplicaSpec } from "./checks/replica/replica.ts";
export type { UniqueSpec } from "./checks/unique/unique.ts";
export type {
  Aggregate,
  AggregateBuilder,
  AggregatedFields,
  Aggregates,
  FoldSpec,
  WindowAggregateBuilder,
} from "./dataflow/aggregates/aggregate.ts";
export { atLeast, type Bound, type Bounded, below, not, type Unlike } from "./dataflow/bound.ts";
export type { DeduplicateSpec, RankedBy, TopSpec, TtlOptions, WithRank } from "./dataflow/changelogs/nodes.ts";
export type { DeriveOptions } from "./dataflow/derive.ts";
export type { ChangelogJoinSpec } from "./dataflow/joins/changelog-join.ts";
export type { IntervalJoinSpec } from "./dataflow/joins/interval-join.ts";
export type { JoinType } from "./dataflow/joins/join-type.ts";
export type { Side } from "./dataflow/joins/late-side.ts";
export type { LookupJoinSpec } from "./dataflow/joins/lookup-join.ts";
export { atMost, type Comparison, less } from "./dataflow/joins/pair-condition.ts";
export type { Ref, Refs, SelectedFields, Selection } from "./dataflow/joins/selection.ts";
export type { JoinAssigner, WindowJoinSpec } from "./dataflow/joins/window-join.ts";
export { type Conversion, Leg, minus, type SumLeg } from "./dataflow/leg.ts";
export type { LookupResult, LookupSpec } from "./dataflow/lookups/lookup.ts";
export {
  type Field,
  type Fields,
  flag,
  type Id,
  type InstantField,
  type InstantUnit,
  id,
  idOf,
  instant,
  integer,
  type MappedTable,
  type Model,
  type MoneyMapping,
  type MoneyValue,
  model,
  money,
  number,
  type Rate,
  rate,
  type Table,
  type TableOf,
  type TableOptions,
  type TextOptions,
  table,
  text,
  type ValueMap,
} from "./dataflow/model.ts";
export { connect } from "./dataflow/process/connect.ts";
export type { ConnectSpec } from "./dataflow/process/connect-spec.ts";
export type {
  BroadcastContext,
  ElementContext,
  ProcessContext,
  ProcessSpec,
  RowKind,
} from "./dataflow/process/process-spec.ts";
export {
  type ListState,
  list,
  type MapState,
  map,
  type ReadonlyMapState,
  type StateOptions,
  type StateSpec,
  type ValueState,
  value,
} from "./dataflow/process/state-spec.ts";
export type { Row } from "./dataflow/row-view.ts";
export {
  Changelog,
  type Deduplicated,
  JoinedStream,
  KeyedChangelog,
  KeyedStream,
  LookedUp,
  ModelChangelog,
  ProcessedStream,
  Stream,
  WithLate,
} from "./dataflow/streams.ts";
export type { TransactionFields } from "./dataflow/transactions.ts";
export {
  type AlignedOptions,
  calendarDays,
  cumulative,
  globalWindow,
  session,
  sliding,
  type TimeOptions,
  tumbling,
  type WindowAssigner,
} from "./dataflow/windows/assigners.ts";
export {
  early,
  every,
  onCount,
  onEventTime,
  onProcessingTime,
  purging,
  type Trigger,
} from "./dataflow/windows/triggers.ts";
export type { WindowContext, WindowProcessSpec } from "./dataflow/windows/window-node.ts";
export type { WindowedStream } from "./dataflow/windows/windowed-stream.ts";
export type { WriteFields, WriteOperation } from "./dataflow/writes.ts";
