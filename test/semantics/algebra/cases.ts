import { aggregateCases } from "./aggregate.cases.ts";
import { asyncLookupCases, unionCases } from "./async-lookup.cases.ts";
import { changelogJoinOfFlink } from "./changelog-join.flink.cases.ts";
import { changelogJoinOfKafka } from "./changelog-join.kafka.cases.ts";
import { deduplicateCases } from "./deduplicate.cases.ts";
import type { AlgebraCase } from "./format.ts";
import { intervalJoinKafkaInner } from "./interval-join.kafka-inner.cases.ts";
import { intervalJoinKafkaLeft } from "./interval-join.kafka-left.cases.ts";
import { intervalJoinKafkaOuter } from "./interval-join.kafka-outer.cases.ts";
import { intervalJoinKafkaTables } from "./interval-join.kafka-tables.cases.ts";
import { intervalJoinOfSql } from "./interval-join.sql.cases.ts";
import { intervalJoinOfStreams } from "./interval-join.streams.cases.ts";
import { broadcastCases, processCases } from "./process.cases.ts";
import { temporalJoinCases } from "./temporal-join.cases.ts";
import { topNCases } from "./top-n.cases.ts";
import { windowCases } from "./window.cases.ts";
import { windowClockCases } from "./window.clock.cases.ts";
import { windowKafkaCases } from "./window.kafka.cases.ts";
import { windowAssignmentCases } from "./window-assignment.cases.ts";
import { coGroupCases, windowJoinCases } from "./window-join.cases.ts";
import { windowLatenessCases } from "./window-lateness.cases.ts";
import { windowTriggerCases } from "./window-trigger.cases.ts";

/** All cases of all operators. */
export const algebraCases: readonly AlgebraCase[] = [
  ...windowAssignmentCases,
  ...windowCases,
  ...windowClockCases,
  ...windowLatenessCases,
  ...windowTriggerCases,
  ...windowKafkaCases,
  ...intervalJoinOfStreams,
  ...intervalJoinOfSql,
  ...intervalJoinKafkaTables,
  ...intervalJoinKafkaInner,
  ...intervalJoinKafkaLeft,
  ...intervalJoinKafkaOuter,
  ...windowJoinCases,
  ...coGroupCases,
  ...changelogJoinOfFlink,
  ...changelogJoinOfKafka,
  ...temporalJoinCases,
  ...deduplicateCases,
  ...topNCases,
  ...aggregateCases,
  ...processCases,
  ...broadcastCases,
  ...asyncLookupCases,
  ...unionCases,
];
