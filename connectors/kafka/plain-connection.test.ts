import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type Connection, createAPI, Writer } from "@platformatic/kafka";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { kafkaError } from "./errors.ts";
import { PlainConnection } from "./plain-connection.ts";

const timeouts = { connectTimeout: 300, requestTimeout: 300 };
/** A request of one number, whose answer is a text. */
const echo = createAPI<[number], string>(
  99,
  7,
  (asked: number) => Writer.create().appendInt32(asked),
  (_id, _key, _version, { buffer }) => buffer.buffer.toString("latin1"),
);

describe("a connection in the clear", () => {
  it("gives each request its answer, in whatever pieces they come", async () => {
    const answers = fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 500 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(answers, fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 30 }), async (texts, cuts) => {
        const broker = await serving((socket) => {
          const answers: Buffer[] = [];
          onRequest(socket, (request) => {
            if (answers.push(answerTo(request, texts[numberIn(request)]!)) === texts.length) {
              void sendInPieces(socket, Buffer.concat(answers), cuts);
            }
          });
        });
        const connection = await connected(broker);
        expect(await Promise.all(texts.map((_, i) => ask(connection, i)))).toEqual(texts);
        connection.close(() => undefined);
      }),
      { numRuns: 40 },
    );
  });

  it("takes large answers, one after the other", async () => {
    const broker = await serving((socket) => {
      onRequest(socket, (request) => void socket.write(answerTo(request, "x".repeat(numberIn(request)))));
    });
    const connection = await connected(broker);
    for (const length of [3_000_000, 0, 1, 700_000]) expect((await ask(connection, length)).length).toBe(length);
  });

  it.each<[string, (socket: Socket) => void]>([
    ["hangs up", (socket) => void socket.on("data", () => socket.destroy())],
    ["resets the connection", (socket) => void socket.on("data", () => socket.resetAndDestroy())],
    [
      "ends in the middle of an answer",
      (socket) => void socket.on("data", () => socket.end("\0\0\x01\0\0\0\0\x01some")),
    ],
    ["does not answer in time", () => undefined],
    ["answers what was not asked", (socket) => void socket.on("data", () => socket.write("\0\0\0\x06\x77\0\0\x01ab"))],
    ["speaks HTTP", (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ])("fails for as long as the broker %s, and is over then", async (_, behave) => {
    const connection = await connected(await serving(behave));
    const closed = once(connection, "close");
    for (const request of [ask(connection, 1), ask(connection, 2)]) {
      const error = await request.catch((reason: unknown) => reason);
      expect(kafkaError(error, { doing: "a test", broker: "b" })).toMatchObject({ code: "KAFKA_UNAVAILABLE" });
    }
    await closed;
    await expect(ask(connection, 3)).rejects.toThrow();
  });

  it("cannot be made where nobody listens", async () => {
    const connection = new PlainConnection("test", timeouts);
    const error = await connection.connect("127.0.0.1", 1).catch((reason: unknown) => reason);
    expect(kafkaError(error, { doing: "a test", broker: "b" })).toMatchObject({ code: "KAFKA_UNAVAILABLE" });
  });

  it("tells who asked that the answer cannot be read, and goes on", async () => {
    const broker = await serving((socket) => {
      onRequest(socket, (request) => void socket.write(answerTo(request, "text")));
    });
    const connection = await connected(broker);
    const misread = createAPI<[number], string>(
      99,
      7,
      (asked: number) => Writer.create().appendInt32(asked),
      () => (undefined as unknown as { text: string }).text,
    );
    await expect(misread.async(connection as unknown as Connection, 1)).rejects.toThrow(TypeError);
    expect(await ask(connection, 2)).toBe("text");
  });
});

async function connected(broker: number): Promise<PlainConnection> {
  const connection = new PlainConnection("test", timeouts);
  onTestFinished(() => connection.close(() => undefined));
  await connection.connect("127.0.0.1", broker);
  return connection;
}

function ask(connection: PlainConnection, number: number): Promise<string> {
  return echo.async(connection as unknown as Connection, number);
}

/** Calls `take` with each whole request, without its length. */
function onRequest(socket: Socket, take: (request: Buffer) => void): void {
  let come = Buffer.alloc(0);
  socket.on("data", (piece) => {
    come = Buffer.concat([come, piece]);
    while (come.length >= 4 && come.length >= 4 + come.readInt32BE(0)) {
      const end = 4 + come.readInt32BE(0);
      take(come.subarray(4, end));
      come = come.subarray(end);
    }
  });
}

async function sendInPieces(socket: Socket, bytes: Buffer, lengths: readonly number[]): Promise<void> {
  let at = 0;
  for (const length of lengths) {
    socket.write(bytes.subarray(at, at + length));
    at += length;
    await new Promise(setImmediate);
  }
  socket.write(bytes.subarray(at));
}

/** The number that a request asks for. */
function numberIn(request: Buffer): number {
  return request.readInt32BE(request.length - 4);
}

/** The request's own number, no tags, and a text. */
function answerTo(request: Buffer, text: string): Buffer {
  const head = Buffer.alloc(9);
  head.writeInt32BE(5 + text.length, 0);
  request.copy(head, 4, 4, 8);
  return Buffer.concat([head, Buffer.from(text, "latin1")]);
}

/** Port of a server on this machine that does as it is told with each connection. */
async function serving(behave: (socket: Socket) => unknown): Promise<number> {
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
  return (server.address() as { port: number }).port;
}
