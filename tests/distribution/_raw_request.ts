/** What a server answered, as text. */
export interface RawAnswer {
  /** The status. */
  readonly status: number;
  /** The status line and the headers. */
  readonly head: string;
  /** The body, as far as it arrived. */
  readonly body: string;
}

/** Sends a request whose path no URL parser has touched. */
export async function rawRequest(
  port: number,
  method: string,
  path: string,
  extra = "content-length: 0\r\n",
  host = "localhost",
): Promise<RawAnswer> {
  const request =
    `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n${extra}\r\n`;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request));
  let text = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  while (true) {
    const count = await connection.read(buffer);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  const end = text.indexOf("\r\n\r\n");
  return {
    status: Number(text.split(" ")[1]),
    head: text.slice(0, end),
    body: text.slice(end + 4),
  };
}
