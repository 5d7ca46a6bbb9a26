import { EventEmitter } from "node:events";
import { createConnection, type Socket } from "node:net";
import {
  type Callback,
  type Connection,
  NetworkError,
  Reader,
  type ResponseParser,
  TimeoutError,
  UnexpectedCorrelationIdError,
  Writer,
} from "@platformatic/kafka";
import { AnswerMemory, giveBack } from "./answer-memory.ts";

/** What is used of the library's connections, and what a `PlainConnection` can stand in for. */
export interface KafkaConnection {
  readonly socket: Socket | undefined;
  connect(host: string, port: number): void | Promise<void>;
  send: Connection["send"];
  close(callback: () => void): void;
  on(event: "close" | "error", listener: () => void): unknown;
}

/** How long to wait for a connection, and for an answer. */
export interface ConnectionTimeouts {
  readonly connectTimeout: number;
  readonly requestTimeout: number;
}

/** A request that waits for its answer. */
interface Sent {
  readonly correlationId: number;
  readonly answered: (answer: Buffer) => void;
  readonly failed: (error: Error) => void;
  readonly timeout: NodeJS.Timeout;
}

/**
 * A connection to a broker without TLS and SASL, for answers that are large. The socket is read into one buffer, and
 * answers are put together in memory that is used again; the library's connection makes a buffer for every piece and
 * another for all of them, which costs a multiple. Fails with the library's own errors.
 */
export class PlainConnection extends EventEmitter implements KafkaConnection {
  readonly #clientId: string;
  readonly #timeouts: ConnectionTimeouts;
  #socket: Socket | undefined;
  #failure: Error | undefined;
  #lastId = 0;
  /** In the order in which a broker answers. */
  readonly #sent: Sent[] = [];
  /** The length of the answer that is coming, then the answer; and how much of it has come. */
  #coming: Buffer;
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  readonly #memory = new AnswerMemory();
  #isLength = true;
  #have = 0;

  constructor(clientId: string, timeouts: ConnectionTimeouts) {
    super();
    this.#clientId = clientId;
    this.#timeouts = timeouts;
    this.#coming = this.#length;
  }

  get socket(): Socket | undefined {
    return this.#socket;
  }

  connect(host: string, port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const onread = { buffer, callback: (count: number) => this.#take(buffer, count) };
    const socket = createConnection({ host, port, noDelay: true, onread });
    this.#socket = socket;
    const { connectTimeout } = this.#timeouts;
    socket.setTimeout(connectTimeout, () => {
      socket.destroy(new TimeoutError(`Connection to ${host}:${port} timed out after ${connectTimeout} ms.`));
    });
    socket.once("connect", () => {
      socket.setTimeout(0);
      resolve();
    });
    socket.on("error", (cause) => {
      this.#failure = new NetworkError(`Connection to ${host}:${port} failed.`, { cause });
    });
    socket.once("close", () => {
      this.#failure ??= new NetworkError("Connection closed");
      reject(this.#failure);
      for (const { failed, timeout } of this.#sent.splice(0)) {
        clearTimeout(timeout);
        failed(this.#failure);
      }
      this.emit("close");
    });
    return promise;
  }

  /** As the library's: what its functions for requests call. Whatever of an answer its parser does not `keep` is void behind it. */
  send<T>(
    apiKey: number,
    apiVersion: number,
    createPayload: () => Writer | Promise<Writer>,
    parser: ResponseParser<T>,
    hasTags: boolean,
    answerHasTags: boolean,
    callback: Callback<T>,
  ): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed)
      return callback(this.#failure ?? new NetworkError("Connection closed"));
    const correlationId = (this.#lastId + 1) & 0x7fffffff;
    this.#lastId = correlationId;
    const writer = Writer.create().appendInt16(apiKey).appendInt16(apiVersion).appendInt32(correlationId);
    writer.appendString(this.#clientId, false);
    if (hasTags) writer.appendTaggedFields();
    writer.appendFrom(createPayload() as Writer).prependLength();
    this.#sent.push({
      correlationId,
      answered: (answer) => {
        let parsed: T;
        try {
          // Of an answer's header there is nothing else: the number, and the mark that no tags follow.
          const body = answer.subarray(CORRELATION_BYTES + (answerHasTags ? 1 : 0));
          parsed = parser(correlationId, apiKey, apiVersion, Reader.from(body)) as T;
        } catch (error) {
          return callback(error as Error);
        }
        callback(null, parsed);
      },
      failed: callback,
      timeout: setTimeout(() => socket.destroy(new TimeoutError("Request timed out")), this.#timeouts.requestTimeout),
    });
    socket.write(writer.buffer);
  }

  /** At once; what was sent fails. */
  close(callback: () => void): void {
    this.#socket?.destroy();
    callback();
  }

  /** Takes in what was read; gives whether to go on. */
  #take(bytes: Buffer, count: number): boolean {
    for (let at = 0; at < count; ) {
      const part = Math.min(count - at, this.#coming.length - this.#have);
      bytes.copy(this.#coming, this.#have, at, at + part);
      at += part;
      this.#have += part;
      if (this.#have === this.#coming.length && !this.#taken()) return false;
    }
    return true;
  }

  /** What was coming is there; gives whether to go on. */
  #taken(): boolean {
    const came = this.#coming;
    this.#have = 0;
    this.#isLength = !this.#isLength;
    if (!this.#isLength) {
      const length = came.readInt32BE(0);
      if (length < CORRELATION_BYTES || length > MOST_ANSWER_BYTES) return this.#refuse(`an answer of ${length} bytes`);
      this.#coming = this.#memory.take(length);
      return true;
    }
    this.#coming = this.#length;
    const sent = this.#sent[0];
    const correlationId = came.readInt32BE(0);
    if (sent?.correlationId !== correlationId) return this.#refuse(`an answer to request ${correlationId}`);
    this.#sent.shift();
    clearTimeout(sent.timeout);
    sent.answered(came);
    giveBack(came);
    return true;
  }

  #refuse(what: string): false {
    this.#socket!.destroy(new UnexpectedCorrelationIdError(`The broker sent ${what}, which was not asked for.`));
    return false;
  }
}

/** What one call of the system reads at most. */
const READ_BYTES = 256 * 1024;
const LENGTH_BYTES = 4;
const CORRELATION_BYTES = 4;
/** A batch may be 64 MB, and others come with it. */
const MOST_ANSWER_BYTES = 256 * 1024 * 1024;
