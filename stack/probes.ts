import { connect } from "node:net";
import { HOST } from "./ports.ts";

const PATIENCE_MS = 5_000;

/** True when a GET is answered with success. */
export async function answersHttp(url: string): Promise<boolean> {
  const response = await fetch(url, {
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  await response.body?.cancel();
  return response.ok;
}

/** Sends bytes and gives the first ones that come back. */
export function ask(port: number, request: Uint8Array | string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, HOST);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error("no answer in time")));
    socket.once("connect", () => socket.write(request));
    socket.once("data", (bytes) => {
      socket.destroy();
      resolve(bytes);
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without an answer")));
  });
}
