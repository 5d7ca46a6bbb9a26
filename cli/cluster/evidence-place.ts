import { isError, messageOf } from "../../base/errors.ts";
import type { Config } from "../config.ts";
import { openHBase } from "../open-hbase.ts";

/**
 * Refuses a table for evidence that is not there, or was not made for it, before the job fails of it on the cluster. A server
 * or a secret that this machine does not have is left to the cluster, with a warning. SNAPSHOTS_TABLE_MISSING,
 * SNAPSHOTS_TABLE_UNFIT, SNAPSHOTS_REFUSED.
 */
export async function requireEvidencePlace(config: Pick<Config, "snapshots" | "file">): Promise<string | undefined> {
  if (config.snapshots === undefined) return undefined;
  try {
    const store = openHBase(config.snapshots.hbase, config);
    try {
      await store.check();
    } finally {
      store.close();
    }
    return undefined;
  } catch (error) {
    if (!isError(error, "SNAPSHOTS_UNAVAILABLE") && !isError(error, "CONFIG_SECRET_MISSING")) throw error;
    return `The table of evidence was not looked at. ${messageOf(error)} The job stops taking rows in where the cluster does not reach it either.`;
  }
}
