import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, it } from "vitest";
import { ownCertificate } from "../../../test/support/certificate.ts";
import { newsOf, notificationOf } from "../news.test-helper.ts";
import { type EmailOptions, EmailSink } from "./email-sink.ts";

const never = new AbortController().signal;
const PASSWORD = "letmein";

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly isSecure: boolean;
  readonly text: string;
}

let server: SMTPServer | undefined;
afterEach(async () => {
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(resolve)));
  server = undefined;
});

/** A mail server on this machine that keeps what it takes; its port. */
async function listen(mails: Mail[], options: SMTPServerOptions = {}): Promise<number> {
  server = new SMTPServer({
    authMethods: ["PLAIN", "LOGIN"],
    disabledCommands: ["STARTTLS"],
    onAuth: ({ username, password }, _session, done) =>
      username === "ops" && password === PASSWORD ? done(null, { user: username }) : done(new Error("wrong password")),
    onData: (stream, session, done) => {
      let text = "";
      stream.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        mails.push({ from, to: rcptTo.map(({ address }) => address), isSecure: session.secure, text });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return (server.server.address() as AddressInfo).port;
}

function sink(port: number, changes: Partial<EmailOptions> = {}): EmailSink {
  const auth = { user: "ops", password: PASSWORD };
  const people = { from: "Countercheck <countercheck@example.com>", to: ["one@example.com", "two@example.com"] };
  return new EmailSink({
    sink: "mail",
    host: "127.0.0.1",
    port,
    security: "none",
    auth,
    ...people,
    timeoutMs: 3_000,
    ...changes,
  });
}

describe("e-mail", () => {
  it("is a plain text to all recipients, of one thread for each alert", async () => {
    const mails: Mail[] = [];
    const port = await listen(mails, { authOptional: false });
    await sink(port).send(notificationOf(newsOf(), "the bank could not be asked"), never);
    const [mail] = mails;
    expect(mail).toMatchObject({ from: "countercheck@example.com", to: ["one@example.com", "two@example.com"] });
    expect(mail!.text).toMatch(/^Subject: payment-settlement: missing opened, 42, 118.25 EUR at risk\r$/m);
    expect(mail!.text).toMatch(/^Message-ID: <k1@example.com>\r$/m);
    expect(mail!.text).toMatch(/^References: <a1@example.com>\r$/m);
    expect(mail!.text).toContain("\r\nat risk: 118.25 EUR\r\nkey: 42\r\n");
    expect(mail!.text).toContain("\r\nthe bank could not be asked\r\n");
  });

  it("takes no header, recipient or line from the data", async () => {
    const mails: Mail[] = [];
    const evil = "1\r\nBcc: thief@example.com\r\n\r\n.\r\nMAIL FROM:<x>";
    const news = newsOf({ id: `a1>\r\nBcc: thief@example.com`, key: `'${evil}`, class: evil, note: evil });
    await sink(await listen(mails)).send(notificationOf(news, evil), never);
    expect(mails).toHaveLength(1);
    expect(mails[0]!.to).toEqual(["one@example.com", "two@example.com"]);
    expect(mails[0]!.text).not.toMatch(/^Bcc:/im);
    expect(mails[0]!.text).not.toMatch(/^MAIL FROM/m);
  });

  it("goes out encrypted only, where that is asked for", async () => {
    const mails: Mail[] = [];
    const plain = await listen(mails);
    const sending = sink(plain, { security: "starttls" }).send(notificationOf(newsOf()), never);
    await expect(sending).rejects.toMatchObject({ code: "NOTIFICATION_SINK_UNAVAILABLE" });
    expect(mails).toEqual([]);
  });

  it.each(["starttls", "tls"] as const)("goes out by %s, to a server whose certificate is known", async (security) => {
    const mails: Mail[] = [];
    const { cert, key } = ownCertificate();
    const port = await listen(mails, { disabledCommands: [], secure: security === "tls", cert, key });
    const strange = sink(port, { security }).send(notificationOf(newsOf()), never);
    await expect(strange).rejects.toMatchObject({ code: "NOTIFICATION_SINK_UNAVAILABLE" });
    await sink(port, { security, ca: cert }).send(notificationOf(newsOf()), never);
    expect(mails).toMatchObject([{ isSecure: true }]);
  });

  it("waits where the server is away, busy or does not let us in, and is refused by itself", async () => {
    const mails: Mail[] = [];
    const port = await listen(mails, {
      onRcptTo: ({ address }, _session, done) => {
        const responseCode = address.startsWith("busy") ? 451 : 550;
        done(address.endsWith("example.com") ? null : Object.assign(new Error("not here"), { responseCode }));
      },
    });
    const sent = (changes: Partial<EmailOptions>) => sink(port, changes).send(notificationOf(newsOf()), never);
    await expect(sent({ auth: { user: "ops", password: "no" } })).rejects.toMatchObject({
      code: "NOTIFICATION_SINK_UNAVAILABLE",
      message: expect.not.stringContaining(PASSWORD),
    });
    await expect(sent({ to: ["busy@else.org"] })).rejects.toMatchObject({ code: "NOTIFICATION_SINK_UNAVAILABLE" });
    await expect(sent({ to: ["nobody@else.org"] })).rejects.toMatchObject({ code: "NOTIFICATION_REFUSED" });
    await expect(sent({ port: 1 })).rejects.toMatchObject({ code: "NOTIFICATION_SINK_UNAVAILABLE" });
    expect(mails).toEqual([]);
  });
});
