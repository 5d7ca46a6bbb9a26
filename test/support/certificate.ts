import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TemporaryFolder } from "./cli.ts";

/** A certificate of 127.0.0.1 that vouches for itself, and its key, as PEM. */
export function ownCertificate(): { readonly cert: string; readonly key: string } {
  using folder = new TemporaryFolder();
  const files = ["-keyout", "key.pem", "-out", "cert.pem"];
  const who = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...files, ...who], { cwd: folder.path, stdio: "ignore" });
  const read = (name: string) => readFileSync(join(folder.path, name), "utf8");
  return { cert: read("cert.pem"), key: read("key.pem") };
}
