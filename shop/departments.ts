import type { DepartmentSpec } from "./department.ts";
import { manualChanges } from "./manual-changes/department.ts";
import { migration } from "./migration/migration.ts";
import { payouts } from "./payouts/department.ts";
import { refundDesk } from "./refunds/department.ts";

/** All departments besides the one that takes payments and has them settled. */
export const departments: readonly DepartmentSpec[] = [manualChanges, migration, payouts, refundDesk];

/** The departments that work where nobody says which: what the job payment-settlement checks besides orders. */
export const usualDepartments: readonly string[] = ["payment-settlement"];
