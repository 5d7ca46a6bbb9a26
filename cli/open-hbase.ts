import { raise } from "../base/errors.ts";
import { HBaseSnapshotStore } from "../connectors/hbase/hbase-snapshot-store.ts";
import type { RestOptions } from "../connectors/hbase/rest-client.ts";
import { requireEncrypted } from "./clear-text.ts";
import type { Config, HBaseConfig } from "./config.ts";
import { secretOf } from "./secrets.ts";

/** The evidence store in HBase that a configuration names; it is not reached for yet. CONFIG_SECRET_MISSING. */
export function openHBase(hbase: HBaseConfig, { file }: Pick<Config, "file">): HBaseSnapshotStore {
  return new HBaseSnapshotStore({ ...restOf(hbase, file), table: hbase.table });
}

/**
 * How the REST server of a configuration is reached; `file` is the configuration, for errors. CONFIG_SECRET_MISSING;
 * CONFIG_INVALID for an address with a user in it, since addresses are printed, and for a password in the clear.
 */
export function restOf({ url, auth }: HBaseConfig, file: string): RestOptions {
  const { username, password: secret } = new URL(url);
  if (username !== "" || secret !== "")
    raise("CONFIG_INVALID", {
      file,
      problems: "snapshots.hbase.url: expected no user in it; `auth` is the place for that",
    });
  if (auth === undefined) return { url };
  requireEncrypted(url, "snapshots.hbase.auth", file);
  const password = secretOf(auth.password, `snapshots.hbase.auth.password of ${file}`);
  return { url, credentials: { user: auth.user, password } };
}
