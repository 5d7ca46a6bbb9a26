import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type API, apiVersionsV3, Connection, UserError } from "@platformatic/kafka";
import { describe, expect, it, onTestFinished } from "vitest";
import { CountercheckError } from "../../base/errors.ts";
import { kafkaError } from "./errors.ts";

const context = { doing: "the versions", broker: "b:9092" };

describe("what a connection rejects with", () => {
  it.each<[string, (socket: Socket) => void]>([
    ["hangs up in the middle of a request", (socket) => void socket.on("data", () => socket.destroy())],
    ["resets the connection", (socket) => void socket.on("data", () => socket.resetAndDestroy())],
    ["does not answer in time", () => undefined],
    [
      "answers what was not asked",
      (socket) => void socket.on("data", () => socket.write(Buffer.from(NOT_ASKED, "hex"))),
    ],
  ])("can pass by itself where the broker %s", async (_, behave) => {
    const error = await asking(await serving(behave), apiVersionsV3.api);
    expect(kafkaError(error, context)).toMatchObject({ code: "KAFKA_UNAVAILABLE", retryable: true, cause: error });
  });

  it.each(["127.0.0.1:1", "localhost:1", "nowhere.invalid:9092"])(
    "can pass by itself where none is at %s",
    async (at) => {
      const error = await asking(at, apiVersionsV3.api);
      expect(kafkaError(error, context)).toMatchObject({ code: "KAFKA_UNAVAILABLE" });
    },
  );

  it("is a defect where the reading of an answer fails, and is not tried again for ever", async () => {
    const answering = (socket: Socket) => void socket.on("data", (sent) => socket.write(answerTo(sent)));
    const failing = Object.assign(
      (connection: Connection, ...rest: unknown[]) =>
        connection.send(
          apiVersionsV3.api.key,
          apiVersionsV3.api.version,
          () => apiVersionsV3.createRequest("countercheck", "1"),
          () => (undefined as unknown as { parts: [] }).parts,
          true,
          false,
          rest.at(-1) as () => void,
        ),
      { async: undefined },
    );
    const error = await asking(await serving(answering), failing);
    expect(error).toBeInstanceOf(TypeError);
    expect(kafkaError(error, context)).toMatchObject({ code: "BUG", retryable: false, cause: error });
  });
});

describe("an error of the library", () => {
  it("is what began it, not what it is wrapped in", () => {
    const wrapped = (cause: unknown) => new Error("Connection to b:9092 failed.", { cause });
    const coded = (code: string) => Object.assign(new Error(code), { code });
    const codeOf = (error: unknown) => kafkaError(error, context).code;
    expect(codeOf(wrapped(coded("ECONNRESET")))).toBe("KAFKA_UNAVAILABLE");
    expect(codeOf(wrapped(new AggregateError([coded("ECONNREFUSED"), coded("ETIMEDOUT")])))).toBe("KAFKA_UNAVAILABLE");
    expect(codeOf(wrapped(new TypeError("x is not a function")))).toBe("BUG");
    expect(codeOf(new AggregateError([coded("ECONNREFUSED"), new RangeError("out of range")]))).toBe("BUG");
    expect(codeOf(coded("ERR_INVALID_ARG_TYPE"))).toBe("BUG");
    expect(codeOf(wrapped(new UserError("No such mechanism.")))).toBe("KAFKA_REFUSED");
    expect(codeOf("a text")).toBe("BUG");
    const own = new CountercheckError("KAFKA_CLOSED", { broker: "b" });
    expect(kafkaError(own, context)).toBe(own);
  });
});

const NOT_ASKED = "0000000a7700000100230000ffff";

/** An answer with the request's own number, and nothing that can be read. */
function answerTo(sent: Buffer): Buffer {
  const answer = Buffer.alloc(12);
  answer.writeInt32BE(8, 0);
  sent.copy(answer, 4, 8, 12);
  return answer;
}

/** What is thrown when a broker is connected to and asked. */
async function asking(address: string, api: unknown): Promise<unknown> {
  const connection = new Connection("test", { connectTimeout: 300, requestTimeout: 300 });
  connection.on("error", () => undefined);
  onTestFinished(() => void connection.socket?.destroy());
  const [host, port] = address.split(":") as [string, string];
  try {
    await connection.connect(host, Number(port));
    await new Promise((resolve, reject) => {
      (api as API<unknown[], unknown>)(connection, "countercheck", "1", (error: unknown, answer: unknown) =>
        error === null ? resolve(answer) : reject(error),
      );
    });
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Address of a server on this machine that does as it is told with each connection. */
async function serving(behave: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    behave(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}
