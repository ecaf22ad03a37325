import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** Real servers of this machine that take notices, or do not. */

interface Got {
  at: number;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** How a server may answer. */
export const answers = {
  ok: (response: ServerResponse) => void response.end("ok"),
  status:
    (status: number, headers: Record<string, string> = {}): Answer =>
    (response) =>
      void response.writeHead(status, headers).end(),
  /** Takes it and never says anything. */
  hangs: () => undefined,
  closes: (response: ServerResponse) => void response.socket?.destroy(),
  /** Repeats all that it was told in its status line, headers and body. */
  repeats: (response: ServerResponse, { url, headers }: IncomingMessage) => {
    const said = encodeURI(`${url} ${JSON.stringify(headers)}`);
    response.writeHead(400, said, { "x-said": said }).end(said);
  },
};

/** Answers one request after the other as the list says, and all further ones as its last entry. */
export async function startHttp(...script: Answer[]) {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const answer = script[Math.min(got.length, script.length - 1)] ?? answers.ok;
      got.push({ at: Date.now(), path: request.url ?? "", headers: request.headers, body });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    got,
    port,
    url: (path = "/") => `http://127.0.0.1:${port}${path}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param login user and password; anybody where it is missing */
export async function startSmtp(options: SMTPServerOptions & { login?: [user: string, password: string] } = {}) {
  const { login, ...rest } = options;
  const mails: { from: string; to: string[]; content: string }[] = [];
  const logins: string[] = [];
  const server = new SMTPServer({
    authOptional: login === undefined,
    disableReverseLookup: true,
    logger: false,
    onAuth({ username, password }, _session, done) {
      logins.push(username ?? "");
      const good = username === login?.[0] && password === login?.[1];
      // Repeats what it was told.
      if (good) done(null, { user: username });
      else done(Object.assign(new Error(`${username} ${password} is wrong`), { responseCode: 535 }));
    },
    onData(stream, { envelope }, done) {
      void text(stream).then((content) => {
        const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), content });
        done();
      });
    },
    ...rest,
  });
  server.on("error", () => "a client that does not trust the certificate hangs up");
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    mails,
    logins,
    port,
    close: async () => await new Promise<void>((resolve) => server.close(resolve)),
  };
}
