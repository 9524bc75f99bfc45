/** What else is printed below an error's line. */
export interface CommandErrorOptions extends ErrorOptions {
  /** The usage line, without the word "Usage". */
  readonly usage?: string | undefined;
  /** What the user can do about it. */
  readonly hint?: string | undefined;
  /** What stands before the message; `Error:` where not given. */
  readonly prefix?: string | undefined;
}

/** A failure with the words that the user is to read. */
export class CommandError extends Error {
  /** The class's name. */
  override readonly name: string = "CommandError";
  /** The usage line, without the word "Usage". */
  readonly usage: string | undefined;
  /** What the user can do about it. */
  readonly hint: string | undefined;
  /** What stands before the message. */
  readonly prefix: string;

  /** Makes a failure with its words. */
  constructor(message: string, options: CommandErrorOptions = {}) {
    super(message, options);
    this.usage = options.usage;
    this.hint = options.hint;
    this.prefix = options.prefix ?? "Error:";
  }
}

/** A failure because the command line makes no sense; nothing has been tried. */
export class UsageError extends CommandError {}

/** A failure because there is no login, or one that is not accepted. */
export class LoginError extends CommandError {}
