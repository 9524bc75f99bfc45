import { checkConcurrency } from "../_pool.ts";
import { StoreError } from "../store_error.ts";

/** What is done at the nodes of a graph. */
export interface Visitor<Node> {
  /** Tells equal nodes: each key is visited once. */
  key(node: Node): string;
  /**
   * Called first. Gives the node's children, after all of which `leave` is called;
   * undefined where the node is done with and has none.
   */
  enter(
    node: Node,
    signal: AbortSignal,
  ): Promise<readonly Node[] | undefined>;
  /** Called when all children are done with. */
  leave(node: Node, signal: AbortSignal): Promise<void>;
}

/** How a {@linkcode Traversal} goes. */
export interface TraversalOptions {
  /** How many calls of the visitor run at once; at least 1. */
  readonly limit: number;
  /** Ends the traversal. */
  readonly signal?: AbortSignal | undefined;
}

interface State<Node> {
  readonly node: Node;
  readonly parents: State<Node>[];
  /** Children that are not done with. */
  waiting: number;
}

/** What is kept of a node that is done with: a graph may be larger than memory. */
const DONE = Symbol("done");

type Task = (signal: AbortSignal) => Promise<void>;

/**
 * Goes through graphs, children before parents, several nodes at a time.
 *
 * A node that waits for its children holds no place, so that nothing can block. What
 * was found last is visited first: few nodes are open at once, however wide the
 * graph is. Equal nodes are visited once, also where several parents want them.
 */
export class Traversal<Node> {
  readonly #visitor: Visitor<Node>;
  readonly #limit: number;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #states = new Map<string, State<Node> | typeof DONE>();
  readonly #stack: Task[] = [];
  #running = 0;
  #open = 0;
  #failure: { readonly error: unknown } | undefined;
  #idle: (() => void) | undefined;

  /**
   * Makes a traversal that has not begun.
   *
   * @throws {RangeError} The limit is not a positive integer.
   */
  constructor(visitor: Visitor<Node>, { limit, signal }: TraversalOptions) {
    checkConcurrency(limit);
    this.#visitor = visitor;
    this.#limit = limit;
    this.#outer = signal;
    this.#signal = signal === undefined
      ? this.#abort.signal
      : AbortSignal.any([signal, this.#abort.signal]);
  }

  /** Adds a root; may be called while the traversal goes on. */
  add(root: Node): void {
    this.#find([root], undefined);
  }

  /**
   * Goes on until all is done. The first failure ends it, when all that runs has ended.
   */
  async run(): Promise<void> {
    this.#outer?.throwIfAborted();
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      this.#pump();
    });
    this.#outer?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#open > 0) {
      throw new StoreError(
        "STORE_INVALID",
        "Cannot follow content: it points at itself",
      );
    }
  }

  #pump(): void {
    if (this.#idle === undefined) return;
    while (this.#running < this.#limit && !this.#signal.aborted) {
      const task = this.#stack.pop();
      if (task === undefined) break;
      this.#running++;
      task(this.#signal).catch((error) => {
        this.#failure ??= { error };
        this.#abort.abort(error);
      }).finally(() => {
        this.#running--;
        this.#pump();
      });
    }
    if (this.#running === 0) this.#idle();
  }

  /** Takes up nodes, the first of which is to be visited first. Gives how many are to be waited for. */
  #find(nodes: readonly Node[], parent: State<Node> | undefined): number {
    const tasks: Task[] = [];
    const children = new Set<State<Node>>();
    for (const node of nodes) {
      const key = this.#visitor.key(node);
      let state = this.#states.get(key);
      if (state === undefined) {
        const fresh = { node, parents: [], waiting: 0 };
        this.#states.set(key, state = fresh);
        this.#open++;
        tasks.push((signal) => this.#enter(fresh, signal));
      }
      if (state === DONE || parent === undefined) continue;
      if (children.has(state)) continue;
      children.add(state);
      state.parents.push(parent);
    }
    this.#stack.push(...tasks.reverse());
    if (parent === undefined) this.#pump();
    return children.size;
  }

  async #enter(state: State<Node>, signal: AbortSignal): Promise<void> {
    const children = await this.#visitor.enter(state.node, signal);
    if (children === undefined) return this.#finish(state);
    state.waiting = this.#find(children, state);
    if (state.waiting === 0) this.#schedule(state);
  }

  #schedule(state: State<Node>): void {
    this.#stack.push(async (signal) => {
      await this.#visitor.leave(state.node, signal);
      this.#finish(state);
    });
  }

  #finish(state: State<Node>): void {
    this.#states.set(this.#visitor.key(state.node), DONE);
    this.#open--;
    for (const parent of state.parents) {
      if (--parent.waiting === 0) this.#schedule(parent);
    }
    state.parents.length = 0;
  }
}
