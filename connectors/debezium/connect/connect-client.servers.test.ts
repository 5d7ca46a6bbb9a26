import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, inject, it } from "vitest";
import { isError } from "../../../base/errors.ts";
import { openRealShop } from "../../../test/real/real-shop.ts";
import { ConnectClient } from "./connect-client.ts";
import { connectorTemplate, filledConfig } from "./connector-config.ts";

const servers = inject("servers");
const connect = new ConnectClient({ url: servers.connect.url });
const name = `connect_client_${Date.now() % 100_000}`;

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "none",
    (error: unknown) => (isError(error) ? error.code : String(error)),
  );

describe("a connector's life", () => {
  it("is created, stopped, resumed, paused, restarted and deleted", async () => {
    const real = await openRealShop(servers, name);
    try {
      await real.capture();
      const connector = real.connectors.ledger;
      expect(await connect.connectors()).toContain(connector);
      await connect.stop(connector);
      expect(await connect.status(connector)).toMatchObject({ state: "STOPPED", tasks: [] });
      await connect.resume(connector);
      await connect.pause(connector);
      expect((await connect.status(connector)).state).toBe("PAUSED");
      await connect.resume(connector);
      await connect.restart(connector);
      await connect.waitRunning(connector);
      expect((await connect.config(connector))["publication.name"]).toBe("countercheck");
      await connect.delete(connector);
      await connect.delete(connector);
      expect(await codeOf(connect.status(connector))).toBe("CONNECTOR_UNKNOWN");
    } finally {
      await real.close();
    }
  }, 120_000);
});

describe("what can go wrong", () => {
  afterEach(() => connect.delete(`${name}-bad`));

  it("says why a configuration is refused, and no password", async () => {
    const template = connectorTemplate("postgresql");
    const names = [...JSON.stringify(template).matchAll(/\$\{env:(\w+)\}/g)].map(([, variable]) => variable!);
    const environment = Object.fromEntries(names.map((variable) => [variable, "nowhere"]));
    const config = filledConfig(template, { ...environment, LEDGER_DB_PASSWORD: "hunter2", LEDGER_DB_PORT: "1" });
    const refused = connect.put(`${name}-bad`, config);
    await expect(refused).rejects.toMatchObject({ code: "CONNECT_REFUSED" });
    await expect(refused).rejects.not.toThrow(/hunter2/);
  });

  it("tells an unknown connector, a worker that is not there, and one that does not answer", async () => {
    expect(await codeOf(connect.stop("nobody"))).toBe("CONNECTOR_UNKNOWN");
    const away = new ConnectClient({ url: "http://127.0.0.1:1", patienceMs: 0 });
    expect(await codeOf(away.connectors())).toBe("CONNECT_UNAVAILABLE");
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    expect(await codeOf(new ConnectClient({ url, timeoutMs: 100, patienceMs: 0 }).connectors())).toBe(
      "CONNECT_UNAVAILABLE",
    );
    silent.close();
  });
});
