/** A list of nodes that print one after the other. */
export type Body = readonly Node[];

/** What a template consists of. */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipe: Pipe }
  | Branch
  | { readonly kind: "break" | "continue" }
  | {
    readonly kind: "template";
    readonly name: string;
    readonly pipe: Pipe | undefined;
    readonly at: number;
  };

/** `if`, `range` or `with`. */
export interface Branch {
  /** Which one. */
  readonly kind: "if" | "range" | "with";
  /** What decides. */
  readonly pipe: Pipe;
  /** What is printed if it is true, or for each element. */
  readonly body: Body;
  /** What is printed otherwise. */
  readonly otherwise: Body;
}

/** A pipeline: commands, of which each gets the value of the one before as its last argument. */
export interface Pipe {
  /** The variables that its value is given to. */
  readonly variables: readonly string[];
  /** Whether the variables are new; otherwise they are assigned. */
  readonly declares: boolean;
  /** The commands, one at least. */
  readonly commands: readonly Call[];
  /** Where it begins. */
  readonly at: number;
}

/** A command: a value, or a function with its arguments. */
export interface Call {
  /** The value or function. */
  readonly head: Operand;
  /** The arguments. */
  readonly args: readonly Operand[];
  /** Where it begins. */
  readonly at: number;
  /** Its text, for messages. */
  readonly text: string;
}

/** A single value in a command. */
export type Operand =
  & (
    | { readonly kind: "literal"; readonly value: unknown }
    | { readonly kind: "nil" }
    | { readonly kind: "dot" }
    | { readonly kind: "function"; readonly name: string }
    | { readonly kind: "variable"; readonly name: string }
    | { readonly kind: "pipe"; readonly pipe: Pipe }
  )
  & {
    /** The names of the fields that are taken of it, the first one of the dot included. */
    readonly fields: readonly string[];
    /** Where messages say that it is. */
    readonly at: number;
    /** Its text, for messages. */
    readonly text: string;
  };
