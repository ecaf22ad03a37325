import { createServer } from "node:net";

/** A server that asks for the password in the clear and repeats it in its error: PostgreSQL's protocol 3.0. */
export async function startRudeServer(): Promise<{ port: number; asked: () => number; close: () => void }> {
  let asked = 0;
  const message = (type: string, body: Buffer) => {
    const head = Buffer.from(`${type}    `);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const server = createServer((socket) => {
    socket.on("error", () => "the client went away");
    socket.on("data", (data: Buffer) => {
      const code = data.length >= 8 && data[0] === 0 ? data.readInt32BE(4) : 0;
      if (code === 80877103) socket.write("N");
      else if (code === 196608) socket.write(message("R", Buffer.from([0, 0, 0, 3])));
      else if (data[0] === 0x70) {
        asked += 1;
        const password = data.subarray(5, -1).toString("utf8");
        const ways = [password, JSON.stringify(password), encodeURIComponent(password), password.replaceAll("'", "''")];
        const text = `password ${ways.join(" and ")} and postgres://me:${encodeURIComponent(password)}@host are wrong`;
        socket.end(message("E", Buffer.from(`SFATAL\0VFATAL\0C28P01\0M${text}\0\0`)));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    asked: () => asked,
    close: () => server.close(),
  };
}
