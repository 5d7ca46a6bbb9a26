import type { DepartmentSpec } from "./department.ts";

/** All departments besides the one that takes payments and has them settled. */
export const departments: readonly DepartmentSpec[] = [];
