import { boundCase, customCase, reconcileCase, replicaCase, uniqueCase } from "./cases/checks.cases.ts";
import { processCase, unionCase, writeCase } from "./cases/functions.cases.ts";
import { shippedCase } from "./cases/shipped.cases.ts";
import { changelogCase, joinCase, windowCase } from "./cases/windows.cases.ts";
import type { ConformanceCase } from "./format.ts";

/** All cases, which both runners run as one job. */
export const conformanceCases: readonly ConformanceCase[] = [
  shippedCase,
  reconcileCase,
  boundCase,
  uniqueCase,
  replicaCase,
  customCase,
  windowCase,
  joinCase,
  changelogCase,
  processCase,
  unionCase,
  writeCase,
];
