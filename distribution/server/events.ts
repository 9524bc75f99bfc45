/** A request has been answered: one line of an access log. */
export interface RequestServerEvent {
  /** Tells the events apart. */
  readonly type: "request";
  /** The HTTP method. */
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  /** The status of the answer. */
  readonly status: number;
  /** The time from the request's head to the answer's head, in milliseconds. */
  readonly duration: number;
  /** The client's address, where it is known. */
  readonly address?: string | undefined;
  /** Who asked, where the registry authenticates. */
  readonly user?: string | undefined;
}

/** Content was pushed, pulled, mounted or deleted. */
export interface ContentServerEvent {
  /** What happened. */
  readonly type: "push" | "pull" | "mount" | "delete";
  /** What it happened to. */
  readonly kind: "blob" | "manifest" | "tag";
  /** The repository. */
  readonly repository: string;
  /** The content's digest; undefined where a tag was deleted. */
  readonly digest?: string | undefined;
  /** The tag that was pushed, pulled or deleted. */
  readonly tag?: string | undefined;
  /** Who did it, where the registry authenticates. */
  readonly user?: string | undefined;
}

/** The registry failed to answer: the client saw a status of 500 or more. */
export interface ErrorServerEvent {
  /** Tells the events apart. */
  readonly type: "error";
  /** The HTTP method. */
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  /** What went wrong. */
  readonly error: unknown;
}

/** What a registry server tells of its work. Events hold no secret. */
export type ServerEvent =
  | RequestServerEvent
  | ContentServerEvent
  | ErrorServerEvent;

/** Takes what a registry server tells. It is called often, and must be quick. */
export type ServerEventHook = (event: ServerEvent) => void;
