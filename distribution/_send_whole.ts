import { Attempts } from "./_attempts.ts";
import { bodyTooLarge, MAX_METADATA_SIZE } from "./_body.ts";
import { readAll } from "./_read_all.ts";
import { inheritSecrets } from "./_secrets.ts";
import { ConnectionError } from "./errors.ts";
import type { RegistryClient } from "./registry_client.ts";
import type { RegistryRequest } from "./registry_request.ts";

/** A request for metadata. */
export interface WholeRequest extends RegistryRequest {
  /** What could not be done if this fails. */
  readonly action: string;
}

/**
 * Gets metadata, and reads it before it is given back, so that a line that breaks in
 * the middle of it is a fault like one that breaks before: the request is sent again.
 *
 * @throws {ProtocolError} `BODY_TOO_LARGE`: it is larger than 4 MiB.
 */
export async function sendWhole(
  client: RegistryClient,
  request: WholeRequest,
): Promise<Response> {
  const { action, method, signal } = request;
  const attempts = new Attempts(client);
  let { mirrored } = request;
  for (;;) {
    const response = await client.send({ ...request, mirrored });
    // What is no success is for the caller to look at, or to leave.
    if (response.body === null || response.status !== 200) return response;
    try {
      const bytes = await readAll(
        response.body,
        MAX_METADATA_SIZE,
        () => bodyTooLarge(action, MAX_METADATA_SIZE),
      );
      const { headers, status, statusText } = response;
      const whole = new Response(bytes, { headers, status, statusText });
      inheritSecrets(whole, response);
      return whole;
    } catch (fault) {
      if (!(fault instanceof ConnectionError)) throw fault;
      const url = new URL(request.url, client.origin);
      await attempts.next(fault, { method, url, signal });
      // A mirror gets one chance, as where it does not answer.
      mirrored = false;
    }
  }
}
