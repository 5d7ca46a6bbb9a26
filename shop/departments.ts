import type { DepartmentSpec } from "./department.ts";
import { refundDesk } from "./refunds/department.ts";

/** All departments besides the one that takes payments and has them settled. */
export const departments: readonly DepartmentSpec[] = [refundDesk];
