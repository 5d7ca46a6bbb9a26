import { jointJob } from "../../../checks/joint-job.ts";
import manualChanges from "../../../jobs/manual-changes/job.ts";
import migration from "../../../jobs/migration/job.ts";
import paymentSettlement from "../../../jobs/payment-settlement/job.ts";
import refunds from "../../../jobs/refunds/job.ts";

/** The jobs that ship. */
export const shipped = [manualChanges, migration, paymentSettlement, refunds];

/** The same as one. */
export const shippedJob = jointJob(shipped, "shipped");
