import { ConfluentRegistry } from "../schemas/confluent-registry.ts";
import { FolderRegistry } from "../schemas/folder-registry.ts";
import type { SubjectRegistry } from "../schemas/registry.ts";
import { requireEncrypted } from "./clear-text.ts";
import type { RegistryConfig } from "./config.ts";
import { secretOf } from "./secrets.ts";

/**
 * The registry that a configuration names; `place` is the file, for errors. CONFIG_SECRET_MISSING, REGISTRY_INVALID;
 * CONFIG_INVALID for a password in the clear.
 */
export function openRegistry(config: RegistryConfig, place: string): SubjectRegistry {
  if ("folder" in config) return new FolderRegistry(config.folder);
  const { url, auth } = config;
  if (auth === undefined) return new ConfluentRegistry({ url });
  requireEncrypted(url, "registry.auth", place);
  const password = secretOf(auth.password, `registry.auth.password of ${place}`);
  return new ConfluentRegistry({ url, credentials: { username: auth.user, password } });
}
