import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, openAsBlob, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { BlobReader, configure, TextReader, Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js";
import { raise } from "../../base/errors.ts";
import { BUNDLE, BUNDLE_MAP, type Bundle } from "./bundle.ts";
import { cacheFolder } from "./cache-folder.ts";

/** What is put into the jar of a job. */
export interface JobJarParts {
  /** The bridge's jar. */
  readonly bridge: string;
  /** An archive with Node in it, from `packedNode`; undefined where TaskManagers have a Node of their own. */
  readonly node: string | undefined;
  readonly plan: unknown;
  readonly child: unknown;
  readonly bundle: Bundle;
}

// One file after the other, in this thread: no workers are left behind.
configure({ useWebWorkers: false });

/** The machine code of Node, by the name that the bridge unpacks it by. */
const NODE = "node";

/** Writes the jar of a job; the file is there whole or not at all. Entries of the bridge and Node are copied as they are. */
export async function writeJobJar(path: string, { bridge, node, plan, child, bundle }: JobJarParts): Promise<void> {
  await written(path, async (zip) => {
    for (const archive of [bridge, ...(node === undefined ? [] : [node])])
      await zip.appendZip(new BlobReader(await openAsBlob(archive)));
    await zip.add("plan.json", new TextReader(JSON.stringify(plan, null, 1)));
    await zip.add("child.json", new TextReader(JSON.stringify(child)));
    await zip.add(BUNDLE, new Uint8ArrayReader(bundle.code));
    await zip.add(BUNDLE_MAP, new Uint8ArrayReader(bundle.map));
  });
}

/**
 * An archive with Node for the TaskManagers, which run on Linux: packed once, since that takes seconds. The Node is that of
 * the npm package `node-linux-…` for this machine's architecture, or the one that runs this. NODE_NOT_SHIPPABLE.
 */
export async function packedNode(onProgress: (line: string) => void, cache = cacheFolder()): Promise<string> {
  const binary = nodeBinary();
  const hash = createHash("sha256");
  await pipeline(createReadStream(binary, { highWaterMark: 1 << 20 }), hash);
  const archive = join(cache, `node-${hash.digest("hex").slice(0, 16)}.zip`);
  if (existsSync(archive)) return archive;
  onProgress("Packing Node for the cluster, once for this version");
  await written(archive, async (zip) => {
    await zip.add(NODE, new BlobReader(await openAsBlob(binary)));
  });
  return archive;
}

function nodeBinary(): string {
  const name = `node-linux-${process.arch}`;
  const packaged = fileURLToPath(new URL(`../../node_modules/${name}/bin/node`, import.meta.url));
  if (existsSync(packaged)) return packaged;
  return process.platform === "linux"
    ? process.execPath
    : raise("NODE_NOT_SHIPPABLE", { platform: process.platform, name });
}

/** Writes an archive beside its place, and moves it there. */
async function written(path: string, fill: (zip: ZipWriter<unknown>) => Promise<void>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  try {
    const zip = new ZipWriter(Writable.toWeb(createWriteStream(part)));
    await fill(zip);
    await zip.close();
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}
