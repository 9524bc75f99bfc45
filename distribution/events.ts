/** A failed attempt that is about to be repeated. */
export interface RetryEvent {
  /** The kind of event. */
  readonly type: "retry";
  /** The method of the request. */
  readonly method: string;
  /** The URL of the request, redacted. */
  readonly url: string;
  /** How many times the request has been sent so far. */
  readonly attempt: number;
  /** The pause before it is sent again, in milliseconds. */
  readonly delay: number;
  /** The status of the answer, where there was one. */
  readonly status?: number;
  /** The code of the fault, where there was no answer. */
  readonly code?: string;
}

/** A redirect that is about to be followed. */
export interface RedirectEvent {
  /** The kind of event. */
  readonly type: "redirect";
  /** The method of the request. */
  readonly method: string;
  /** The status of the answer. */
  readonly status: number;
  /** The URL that answered, redacted. */
  readonly from: string;
  /** The URL that it points to, redacted. */
  readonly to: string;
}

/** An access token that is about to be asked for. */
export interface TokenEvent {
  /** The kind of event. */
  readonly type: "token";
  /** The registry's `host[:port]` as it stands in references. */
  readonly registry: string;
  /** The URL of the token service, redacted. */
  readonly realm: string;
  /** The scopes asked for. */
  readonly scopes: readonly string[];
  /** Whether the request carries no credential. */
  readonly anonymous: boolean;
}

/**
 * A credential that is about to be shown to a token service on another host than
 * the registry's. Reported once for each host.
 */
export interface ForeignRealmEvent {
  /** The kind of event. */
  readonly type: "foreign-realm";
  /** The registry's `host[:port]` as it stands in references. */
  readonly registry: string;
  /** The URL of the token service, redacted. */
  readonly realm: string;
}

/** A warning of the registry, told once for each text. Distribution-spec §Warnings. */
export interface WarningEvent {
  /** The kind of event. */
  readonly type: "warning";
  /** The registry's `host[:port]` as it stands in references. */
  readonly registry: string;
  /** Its words, with spaces in place of control characters. */
  readonly text: string;
}

/** A mirror that did not have what was asked for, or did not answer: the next one is asked. */
export interface MirrorEvent {
  /** The kind of event. */
  readonly type: "mirror";
  /** The registry's `host[:port]` as it stands in references. */
  readonly registry: string;
  /** The mirror's `host[:port]`. */
  readonly mirror: string;
  /** The status of its answer, where there was one. */
  readonly status?: number;
  /** The code of the fault, where there was no answer. */
  readonly code?: string;
}

/** What a client's layers tell those who watch. No event carries a secret. */
export type ClientEvent =
  | RetryEvent
  | RedirectEvent
  | TokenEvent
  | ForeignRealmEvent
  | WarningEvent
  | MirrorEvent;

/** Takes client events. It must be quick, and must not throw. */
export type ClientEventHook = (event: ClientEvent) => void;
