import { createWriteStream, mkdtempSync, openAsBlob, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { BlobReader, TextReader, TextWriter, ZipReader, ZipWriter } from "@zip.js/zip.js";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeJobJar } from "./job-jar.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-jar-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function archive(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, name);
  const zip = new ZipWriter(Writable.toWeb(createWriteStream(path)));
  for (const [file, text] of Object.entries(files)) await zip.add(file, new TextReader(text));
  await zip.close();
  return path;
}

async function contents(path: string): Promise<Record<string, string>> {
  const reader = new ZipReader(new BlobReader(await openAsBlob(path)));
  const entries = await reader.getEntries();
  const texts = entries.map(async (entry) => [
    entry.filename,
    entry.directory ? "" : await entry.getData(new TextWriter()),
  ]);
  return Object.fromEntries(await Promise.all(texts));
}

it("a job's jar has the bridge, Node, and the job", async () => {
  const bridge = await archive("bridge.jar", {
    "META-INF/MANIFEST.MF": "Main-Class: x\n",
    "a/B.class": "B".repeat(5_000),
  });
  const node = await archive("node.zip", { node: "machine code ".repeat(10_000) });
  const bundle = { code: Buffer.from("await serveChild();"), map: Buffer.from("{}") };
  const jar = join(folder, "out", "job.jar");
  await writeJobJar(jar, { bridge, node, plan: { version: 1 }, child: { version: 1 }, bundle });
  expect(await contents(jar)).toEqual({
    "META-INF/MANIFEST.MF": "Main-Class: x\n",
    "a/B.class": "B".repeat(5_000),
    node: "machine code ".repeat(10_000),
    "plan.json": '{\n "version": 1\n}',
    "child.json": '{"version":1}',
    "bundle.mjs": "await serveChild();",
    "bundle.mjs.map": "{}",
  });
});

it("a jar that cannot be finished is not there", async () => {
  const jar = join(folder, "out", "job.jar");
  const bundle = { code: Buffer.from(""), map: Buffer.from("") };
  const parts = { bridge: join(folder, "gone.jar"), node: undefined, plan: {}, child: {}, bundle };
  await expect(writeJobJar(jar, parts)).rejects.toThrow();
  expect(readdirSync(join(folder, "out"))).toEqual([]);
});
