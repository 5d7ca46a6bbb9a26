import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { secretOf } from "../../secrets.ts";
import { withoutSecrets } from "../finding.ts";
import { examineConnector } from "./connect.ts";

const source = { name: "shop", kind: "mariadb", tables: {} } as const;

it("shows no secret that a trace quotes, be it the connector's own or one that the configuration refers to", async () => {
  process.env.SECRET_OF_DOCTOR_TEST = "referred-secret";
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how configuration refers to a secret
  secretOf("${env:SECRET_OF_DOCTOR_TEST}", "test");
  const trace = "java.lang.Error: no login with plain-secret or referred-secret at db:3306";
  const answers: Record<string, unknown> = {
    "/connectors": ["maria"],
    "/connectors/maria/config": { "database.password": "plain-secret" },
    "/connectors/maria/status": { connector: { state: "RUNNING" }, tasks: [{ id: 0, state: "FAILED", trace }] },
  };
  const server = createServer((request, response) => response.end(JSON.stringify(answers[request.url!])));
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { findings } = await examineConnector(source, { url, name: "maria" });
  const failed = findings.map(withoutSecrets).find(({ code }) => code === "CONNECTOR_NOT_RUNNING");
  expect(failed?.says).toContain("no login with *** or *** at db:3306");
});

it.each(["http://ada@127.0.0.1:1", "http://ada:secret@127.0.0.1:1", "http://:secret@127.0.0.1:1"])(
  "takes no address with a login in it: %s",
  async (url) => {
    const { findings } = await examineConnector(source, { url, name: "maria" });
    expect(findings).toMatchObject([
      { code: "CONNECT_UNREACHABLE", says: expect.stringContaining("without credentials") },
    ]);
    expect(JSON.stringify(findings)).not.toContain("secret");
  },
);
