// POSIX extended regular expressions over bytes, without captures: a state machine whose states advance together, so that no
// pattern takes more than (length of the text) x (size of the pattern) steps. A client can choose both.
type Test = (code: number) => boolean;
type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "one"; readonly test: Test }
  | { readonly kind: "start" }
  | { readonly kind: "end" }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly parts: readonly Node[] }
  | { readonly kind: "repeat"; readonly part: Node; readonly min: number; readonly max: number };

const RE_DUP_MAX = 255;
/** A pattern that would need more states is refused: nested counts multiply. */
const MAX_STATES = 20_000;

class BadPattern extends Error {}

const classes: { readonly [name: string]: RegExp } = {
  alpha: /[A-Za-z]/, digit: /[0-9]/, alnum: /[A-Za-z0-9]/, upper: /[A-Z]/, lower: /[a-z]/, space: /[ \t\n\v\f\r]/, blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/, print: /[ -~]/, graph: /[!-~]/, cntrl: /[\0-\x1f\x7f]/, xdigit: /[0-9A-Fa-f]/,
};

class Parser {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  parse(): Node {
    const node = this.choice();
    if (this.at < this.text.length) throw new BadPattern("unmatched )");
    return node;
  }

  private peek(): string {
    return this.text[this.at] ?? "";
  }
  private take(): string {
    return this.text[this.at++] ?? "";
  }

  private choice(): Node {
    const parts = [this.sequence()];
    while (this.peek() === "|") {
      this.at++;
      parts.push(this.sequence());
    }
    if (parts.length > 1 && parts.some((part) => part.kind === "empty")) throw new BadPattern("empty branch");
    return parts.length === 1 ? (parts[0] as Node) : { kind: "choice", parts };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.text.length && this.peek() !== "|" && this.peek() !== ")") parts.push(this.repeated());
    return parts.length === 0 ? { kind: "empty" } : { kind: "sequence", parts };
  }

  private repeated(): Node {
    const part = this.atom();
    const count = this.count();
    if (count === null) return part;
    if (this.count() !== null) throw new BadPattern("a repetition is repeated");
    return { kind: "repeat", part, ...count };
  }

  private count(): { min: number; max: number } | null {
    const symbol = this.peek();
    const simple = { "*": { min: 0, max: Infinity }, "+": { min: 1, max: Infinity }, "?": { min: 0, max: 1 } }[symbol];
    if (simple !== undefined) {
      this.at++;
      return simple;
    }
    const braces = /^\{(\d+)(,(\d*))?\}/.exec(this.text.slice(this.at));
    if (braces === null) {
      if (/^\{\d/.test(this.text.slice(this.at))) throw new BadPattern("a { without its }");
      return null;
    }
    this.at += braces[0].length;
    const min = Number(braces[1]);
    const max = braces[2] === undefined ? min : braces[3] === "" ? Infinity : Number(braces[3]);
    if (min > RE_DUP_MAX || (max !== Infinity && max > RE_DUP_MAX) || min > max) throw new BadPattern("a bad count");
    return { min, max };
  }

  private atom(): Node {
    const char = this.take();
    switch (char) {
      case "(": {
        const node = this.choice();
        if (this.take() !== ")") throw new BadPattern("unmatched (");
        return node;
      }
      case "[":
        return { kind: "one", test: this.bracket() };
      case ".":
        return { kind: "one", test: () => true };
      case "^":
        return { kind: "start" };
      case "$":
        return { kind: "end" };
      case "*": case "+": case "?":
        throw new BadPattern("nothing to repeat");
      case "\\":
        if (this.at === this.text.length) throw new BadPattern("a \\ at the end");
        return literal(this.take());
      default:
        return literal(char);
    }
  }

  private bracket(): Test {
    const negated = this.peek() === "^";
    if (negated) this.at++;
    const tests: Test[] = [];
    for (let first = true; first || this.peek() !== "]"; first = false) {
      if (this.at >= this.text.length) throw new BadPattern("a [ without its ]");
      tests.push(this.bracketItem());
    }
    this.at++;
    return (code) => tests.some((test) => test(code)) !== negated;
  }

  private bracketItem(): Test {
    const rest = this.text.slice(this.at);
    const named = /^\[:(\w+):\]/.exec(rest);
    if (named !== null) {
      const members = classes[named[1] as string];
      if (members === undefined) throw new BadPattern("no such class");
      this.at += named[0].length;
      return (code) => members.test(String.fromCharCode(code));
    }
    const low = this.bracketEnd();
    if (this.peek() !== "-" || this.text[this.at + 1] === "]") return (code) => code === low;
    this.at++;
    const high = this.bracketEnd();
    if (high < low) throw new BadPattern("a range runs backwards");
    return (code) => code >= low && code <= high;
  }

  private bracketEnd(): number {
    const element = /^\[([.=])([\s\S])\1\]/.exec(this.text.slice(this.at));
    if (element !== null) {
      this.at += element[0].length;
      return (element[2] as string).charCodeAt(0);
    }
    if (this.at >= this.text.length) throw new BadPattern("a [ without its ]");
    return this.take().charCodeAt(0);
  }
}

function literal(char: string): Node {
  const wanted = char.charCodeAt(0);
  return { kind: "one", test: (code) => code === wanted };
}

interface State {
  readonly test: Test | null; // null: goes on without a character
  readonly at: "start" | "end" | null; // goes on only there
  next: number[];
}

/** Builds the states of a node that goes on at `next`, from the back; gives where it begins. */
function build(node: Node, next: number, states: State[]): number {
  const add = (state: State): number => {
    if (states.length === MAX_STATES) throw new BadPattern("too many states");
    return states.push(state) - 1;
  };
  switch (node.kind) {
    case "empty":
      return next;
    case "one":
      return add({ test: node.test, at: null, next: [next] });
    case "start": case "end":
      return add({ test: null, at: node.kind, next: [next] });
    case "sequence":
      return node.parts.reduceRight((after, part) => build(part, after, states), next);
    case "choice": {
      const begins = node.parts.map((part) => build(part, next, states));
      return add({ test: null, at: null, next: begins });
    }
    case "repeat": {
      let begin = next;
      if (node.max === Infinity) {
        begin = add({ test: null, at: null, next: [next] });
        (states[begin] as State).next.push(build(node.part, begin, states));
      } else {
        for (let i = node.min; i < node.max; i++) begin = add({ test: null, at: null, next: [build(node.part, begin, states), next] });
      }
      for (let i = 0; i < node.min; i++) begin = build(node.part, begin, states);
      return begin;
    }
  }
}

/** A compiled pattern: whether it matches a text as a whole. */
export type Matcher = (text: string) => boolean;

/** Compiles a POSIX extended regular expression; null where it is none. */
export function compileEre(pattern: string): Matcher | null {
  const states: State[] = [{ test: null, at: null, next: [] }]; // state 0: matched
  let begin: number;
  try {
    begin = build(new Parser(pattern).parse(), 0, states);
  } catch (error) {
    if (error instanceof BadPattern) return null;
    throw error;
  }
  return (text) => run(states, begin, text);
}

function run(states: readonly State[], begin: number, text: string): boolean {
  let active = new Set([begin]);
  for (let position = 0; ; position++) {
    const waiting = new Set<number>();
    const code = text.charCodeAt(position);
    // A set keeps the order of insertion and takes members while it is walked: this visits each state once.
    for (const index of active) {
      const { test, at, next } = states[index] as State;
      if (test !== null) {
        if (position < text.length && test(code)) for (const one of next) waiting.add(one);
      } else if (at === null || (at === "start" ? position === 0 : position === text.length)) {
        for (const one of next) active.add(one);
      }
    }
    if (position === text.length) return active.has(0);
    active = waiting;
  }
}
