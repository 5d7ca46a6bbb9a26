import { isError, messageOf } from "../../base/errors.ts";
import type { Config } from "../config.ts";
import { openHBase } from "../open-hbase.ts";
import type { Steps } from "./steps.ts";

/**
 * Refuses a table for evidence that is not there, or was not made for it, before the job fails of it on the cluster. A server
 * or a secret that only the cluster has is left to it. SNAPSHOTS_TABLE_MISSING, SNAPSHOTS_TABLE_UNFIT, SNAPSHOTS_REFUSED.
 */
export async function requireEvidencePlace(config: Pick<Config, "snapshots" | "file">, steps: Steps): Promise<void> {
  if (config.snapshots === undefined) return;
  steps.begin("Looking at the table of evidence");
  try {
    const store = openHBase(config.snapshots.hbase, config);
    try {
      await store.check();
    } finally {
      store.close();
    }
  } catch (error) {
    if (!isError(error, "SNAPSHOTS_UNAVAILABLE") && !isError(error, "CONFIG_SECRET_MISSING")) throw error;
    steps.note(`The table of evidence was not looked at: ${messageOf(error)} The cluster needs it.`);
  }
}
