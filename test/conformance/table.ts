import { shippedCase } from "./cases/shipped.cases.ts";
import type { ConformanceCase, Expected } from "./format.ts";
import { ownCases } from "./own-cases.ts";

/** All cases, which both runners run as one job. */
export const conformanceCases: readonly ConformanceCase[] = [shippedCase, ...ownCases];

/** What all of them give together. */
export const expectedOfAll: Expected = Object.assign({}, ...conformanceCases.map(({ expected }) => expected));
