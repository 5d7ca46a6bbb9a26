import { shippedCase } from "./cases/shipped.cases.ts";
import type { ConformanceCase } from "./format.ts";
import { ownCases } from "./own-cases.ts";

/** All cases, which both runners run as one job. */
export const conformanceCases: readonly ConformanceCase[] = [shippedCase, ...ownCases];
