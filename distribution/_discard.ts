/** Bodies up to this size are read to the end, because cancelling one can cost the connection. */
const WORTH_READING = 64 * 1024;

/** Gets rid of a response's body that nobody wants. It never fails. */
export async function discard(response: Response): Promise<void> {
  const { body } = response;
  if (body === null || response.bodyUsed) return;
  const length = response.headers.get("content-length");
  try {
    if (length !== null && Number(length) <= WORTH_READING) {
      await drain(body, WORTH_READING);
    } else {
      await body.cancel();
    }
  } catch {
    // A body that broke off is gone as well.
  }
}

async function drain(
  body: ReadableStream<Uint8Array>,
  limit: number,
): Promise<void> {
  let seen = 0;
  for await (const chunk of body) {
    seen += chunk.byteLength;
    if (seen > limit) break; // leaving the loop cancels the body
  }
}
