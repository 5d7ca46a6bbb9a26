import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jarsOf } from "../jars.ts";
import { HOST } from "../ports.ts";
import { ask } from "../probes.ts";
import { folderOf, properties, type Server } from "../server.ts";
import { tool } from "../tools.ts";
import { writeLogging } from "./kafka.ts";

/** One server without a quorum. */
export const zookeeper: Server = {
  processes: ["zookeeper"],

  async prepare(site) {
    const jars = await jarsOf("zookeeper", site.onProgress);
    const folder = folderOf(site, "zookeeper");
    const configuration = join(folder, "zoo.cfg");
    writeFileSync(
      configuration,
      properties({
        // A session's timeout may be 2 to 20 of these.
        tickTime: 500,
        dataDir: join(folder, "data"),
        clientPort: site.ports.zookeeper.client!,
        clientPortAddress: HOST,
        "admin.enableServer": false,
        "4lw.commands.whitelist": "ruok",
      }),
    );
    return [
      {
        name: "zookeeper",
        command: tool("java"),
        args: [
          ...["-Xms32m", "-Xmx128m", "-XX:+UseSerialGC", `-Dlog4j2.configurationFile=${writeLogging(folder)}`],
          ...["-Dzookeeper.jmx.log4j.disable=true", "-cp", join(jars, "*")],
          ...["org.apache.zookeeper.server.quorum.QuorumPeerMain", configuration],
        ],
        cwd: folder,
      },
    ];
  },

  isReady: async ({ ports }) => String(await ask(ports.zookeeper.client!, "ruok")) === "imok",
};
