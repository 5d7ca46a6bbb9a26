import { z } from "zod";
import { raise } from "../../base/errors.ts";
import { requireEncrypted } from "../clear-text.ts";
import type { BasicAuth } from "../config.ts";
import { readTls, secretShape, type TlsFiles, tlsOf, tlsShape } from "../kafka-config.ts";
import { secretOf } from "../secrets.ts";
import type { FlinkHttpOptions } from "./flink-http.ts";

/** Where a Flink cluster is, as a configuration says it; secrets are references. */
export interface ClusterConfig {
  /** Of its REST API, without a slash at its end. */
  readonly url: string;
  readonly auth?: BasicAuth;
  /** Who signed its certificate, and the client's own; files are absolute. Default: the machine's authorities. */
  readonly tls?: true | TlsFiles;
}

const text = z.string().min(1, "expected a text");

/** What `cluster` may hold. */
export const clusterShape = z
  .strictObject({
    url: z.url({ protocol: /^https?$/, error: "expected a URL that begins with http:// or https://" }),
    auth: z.strictObject({ user: text, password: secretShape }).optional(),
    tls: tlsShape.optional(),
  })
  .superRefine(({ url, tls }, context) => {
    const { username, password } = new URL(url);
    const refuse = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if (tls !== undefined && !url.startsWith("https:")) refuse("tls", "it needs a `url` that begins with https://");
    if (username !== "" || password !== "") refuse("url", "expected no user in it; `auth` is the place for that");
  });

/** What the shape was read from, with absolute paths. */
export function clusterConfigOf({ url, auth, tls }: z.infer<typeof clusterShape>, folder: string): ClusterConfig {
  return {
    url: url.replace(/\/+$/, ""),
    ...(auth !== undefined && { auth }),
    ...(tls !== undefined && { tls: tlsOf(tls, folder) }),
  };
}

/** What says where a cluster is, the first that does: an option, the environment, the configuration. */
export interface ClusterPlace {
  /** Of `--cluster`. */
  readonly option?: string | undefined;
  readonly config?: { readonly file: string; readonly cluster: ClusterConfig | undefined } | undefined;
}

/**
 * How the cluster is reached that a command is about. Who asks, and whom to trust, is always the configuration's.
 * CLUSTER_ADDRESS_MISSING, OPTION_INVALID, CONFIG_INVALID, CONFIG_SECRET_MISSING.
 */
export function clusterOf({ option, config }: ClusterPlace): FlinkHttpOptions {
  const { COUNTERCHECK_CLUSTER: variable } = process.env;
  const { file = "", cluster } = config ?? {};
  const given = option ?? (variable || undefined);
  const url = given === undefined ? cluster?.url : requireUrl(given, option === undefined);
  if (url === undefined) raise("CLUSTER_ADDRESS_MISSING");
  const { auth, tls } = cluster ?? {};
  if (auth !== undefined) requireEncrypted(url, "cluster.auth", file);
  return {
    url,
    ...(auth && {
      credentials: { user: auth.user, password: secretOf(auth.password, `cluster.auth.password of ${file}`) },
    }),
    ...(tls && { tls: readTls(tls, "cluster.tls", file) }),
  };
}

/** OPTION_INVALID for what is no address, and for one with a user in it, since addresses are printed. */
function requireUrl(text: string, isVariable: boolean): string {
  const { protocol = "", username, password } = URL.parse(text) ?? {};
  const isAddress = /^https?:$/.test(protocol);
  if (isAddress && !username && !password) return text.replace(/\/+$/, "");
  const option = isVariable ? "COUNTERCHECK_CLUSTER" : "--cluster";
  const expected = isAddress
    ? "no user in it: `cluster.auth` is the place for that"
    : "a URL such as http://127.0.0.1:8081";
  return raise("OPTION_INVALID", { option, value: isAddress ? "an address with a user" : text, expected });
}
