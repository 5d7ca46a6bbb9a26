import { boundCase, customCase, reconcileCase, replicaCase, uniqueCase } from "./cases/checks.cases.ts";
import { processCase, unionCase, writeCase } from "./cases/functions.cases.ts";
import { wholeRowsCase } from "./cases/whole-rows.cases.ts";
import { changelogCase, joinCase, windowCase } from "./cases/windows.cases.ts";
import type { ConformanceCase } from "./format.ts";

/** Cases with rows of their own. */
export const ownCases: readonly ConformanceCase[] = [
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
  wholeRowsCase,
];
