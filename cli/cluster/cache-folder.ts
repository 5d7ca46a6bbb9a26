import { homedir } from "node:os";
import { join } from "node:path";

/** Where what is built for clusters is kept, for all checkouts of one user. What is in it can be made again. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "countercheck", "cluster");
}
