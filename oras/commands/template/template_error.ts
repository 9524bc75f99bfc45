import { CommandError } from "../_errors.ts";

/** The name that templates go by in messages, as in oras. */
export const TEMPLATE_NAME = "format output";

/** What is wrong with a template, or with what it was given. */
export class TemplateError extends CommandError {
  /** Makes an error of the message of Go's text/template, without its first word. */
  constructor(message: string) {
    super(`template: ${message}`);
  }
}
