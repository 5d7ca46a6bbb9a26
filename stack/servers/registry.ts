import { readdirSync } from "node:fs";
import { join } from "node:path";
import { unpacked } from "../jars.ts";
import { HOST } from "../ports.ts";
import { answersHttp } from "../probes.ts";
import { folderOf, type Server } from "../server.ts";
import { services } from "../services.ts";
import { tool } from "../tools.ts";

/** Apicurio with its tables in a file. */
export const registry: Server = {
  processes: ["registry"],

  async prepare(site) {
    const { version } = services.registry;
    const app = await unpacked(`io.apicurio:apicurio-registry-app:${version}:tar.gz:all`, site.onProgress);
    const folder = folderOf(site, "registry");
    const jar = readdirSync(app).find((file) => file.endsWith("-runner.jar"))!;
    return [
      {
        name: "registry",
        command: tool("java"),
        args: [
          ...["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
          `-Dquarkus.http.host=${HOST}`,
          `-Dquarkus.http.port=${site.ports.registry.http}`,
          "-Dquarkus.log.level=WARN",
          ...["-jar", join(app, jar)],
        ],
        cwd: folder,
        // In memory, as it comes, it forgets its ids when it stops, and what was written with them cannot be read again.
        // Without a delay of writes it remembers even what was registered a moment before a kill.
        env: { REGISTRY_DATASOURCE_URL: `jdbc:h2:file:${folder}/registry;DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0` },
      },
    ];
  },

  isReady: ({ ports }) => answersHttp(`http://${HOST}:${ports.registry.http}/apis/ccompat/v7/subjects`),
};
