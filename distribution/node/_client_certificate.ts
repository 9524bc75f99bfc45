import { makeTransport, type Transport } from "../transport.ts";
import type { BaseTransportOptions } from "../transport_options.ts";

/**
 * Shows the client's certificate to the registry only: what is marked anonymous,
 * because another host pointed to it, goes through a transport that has none.
 */
export function certificateAtHome(
  options: BaseTransportOptions,
  make: (options: BaseTransportOptions) => Transport,
): Transport {
  const home = make(options);
  const { clientCert, clientKey, ...rest } = options;
  if (clientCert === undefined && clientKey === undefined) return home;
  let elsewhere: Transport | undefined;
  return makeTransport(
    (request) =>
      request.anonymous ? (elsewhere ??= make(rest))(request) : home(request),
    {
      close: () => {
        home.close?.();
        elsewhere?.close?.();
      },
    },
  );
}
