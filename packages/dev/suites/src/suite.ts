import { type Endpoint, type GrantId, NONE, type Program } from "@procyon-os/message";
import { sefReceive } from "@procyon-os/sef";
import { panic, textBytes } from "@procyon-os/syslib";
import { closeFile, openFile, readFile, writeFile } from "./files.ts";

const O_RDONLY = 0;
const O_WRONLY = 1;
const REQUEST_WORDS = 5;

/** What a grantor does for a requestor: numbers of packages/userland/src/suites/suite.h. */
export const OP = {
  END: 0, PEEK: 1, POKE: 2, FILL: 3, SUM: 4, GRANT: 5, INDIRECT: 6, MAGIC: 7, REVOKE: 8, REVMAP: 9, REVMAP_AT: 10, LOOKUP: 11, FORK: 12,
  RELEASE: 13, COPY: 14, TOUCH: 15, SUBSCRIBE: 16, CHECK: 17, RETRIEVE: 18, MUNMAP: 19, MAP: 20,
} as const;

/** A request of the requestor: what, and its arguments. */
export type SuiteRequest = readonly [op: number, a: number, b: number, c: number, d: number];

/** A suite that runs in this instance, in one of the two roles. It lives as long as the instance; nobody restarts it. */
export interface Suite {
  readonly name: string;
  readonly self: Endpoint;
  readonly parameters: ReadonlyMap<string, string>;
  results: number; // descriptors
  toPartner: number;
  fromPartner: number;
  toOther: number; // the chain suite has two partners
  fromOther: number;
  partner: Endpoint;
  grant: GrantId; // the grantor's first: all of its buffer
  buf: number;
  spare: number;
  step: string;
  failed: number; // checks of this step
  steps: number;
  failures: number; // steps
}

/** A suite with the arguments `name=value` of its service. */
export function newSuite(args: readonly string[], self: Endpoint): Suite {
  const path = args[0] ?? "";
  const parameters = new Map(args.slice(1).map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)] as const));
  return {
    name: path.slice(path.lastIndexOf("/") + 1), self, parameters, results: -1, toPartner: -1, fromPartner: -1, toOther: -1, fromOther: -1, partner: NONE, grant: -1 as GrantId,
    buf: 0, spare: 0, step: "", failed: 0, steps: 0, failures: 0,
  };
}

/** Opens the FIFO for the results. */
export function* openResults(suite: Suite): Program<void> {
  suite.results = yield* openFile(`${suite.parameters.get("at") ?? "/tmp"}/results`, O_WRONLY);
}

/** Opens the two FIFOs between the roles; the order matters, since each open waits for the other side. */
export function* openFifos(suite: Suite, isGrantor: boolean, toGrantor = "1fifo", fromGrantor = "2fifo"): Program<void> {
  const at = suite.parameters.get("at") ?? "/tmp";
  if (isGrantor) {
    suite.toPartner = yield* openFile(`${at}/${fromGrantor}`, O_WRONLY);
    suite.fromPartner = yield* openFile(`${at}/${toGrantor}`, O_RDONLY);
  } else {
    suite.fromPartner = yield* openFile(`${at}/${fromGrantor}`, O_RDONLY);
    suite.toPartner = yield* openFile(`${at}/${toGrantor}`, O_WRONLY);
  }
}

/** From here on the other partner is asked. */
export function otherPartner(suite: Suite): void {
  const { toPartner, fromPartner } = suite;
  Object.assign(suite, { toPartner: suite.toOther, fromPartner: suite.fromOther, toOther: toPartner, fromOther: fromPartner });
}

function* put(suite: Suite, words: readonly number[]): Program<void> {
  const bytes = new Uint8Array(Int32Array.from(words).buffer);
  if (!(yield* writeFile(suite.toPartner, bytes))) yield* panic(`${suite.name}: the other has gone`);
}

function* get(suite: Suite, words: number): Program<readonly number[] | null> {
  const bytes = yield* readFile(suite.fromPartner, words * 4);
  return bytes === null ? null : [...new Int32Array(bytes.slice().buffer)];
}

/** Has the grantor do something: [result, value]. */
export function* askBoth(suite: Suite, op: number, a = 0, b = 0, c = 0, d = 0): Program<readonly [number, number]> {
  yield* put(suite, [op, a, b, c, d]);
  const [result, value] = (yield* get(suite, 2)) ?? (yield* panic(`${suite.name}: the grantor has gone`));
  return [result as number, value as number];
}
export function* ask(suite: Suite, op: number, a = 0, b = 0, c = 0, d = 0): Program<number> {
  return (yield* askBoth(suite, op, a, b, c, d))[0];
}
/** Of one who may die of it: whether it has. */
export function* askLast(suite: Suite, op: number, a: number, b: number): Program<number> {
  yield* put(suite, [op, a, b, 0, 0]);
  return (yield* get(suite, 2)) === null ? 1 : 0;
}
/** The value of an answer, or its error. */
export function* askValue(suite: Suite, op: number, a = 0, b = 0, c = 0, d = 0): Program<number> {
  const [result, value] = yield* askBoth(suite, op, a, b, c, d);
  return result !== 0 ? result : value;
}
/** Lets the grantor conclude. */
export function* askEnd(suite: Suite): Program<void> {
  yield* put(suite, [OP.END, 0, 0, 0, 0]);
}

/** The next request; null where the requestor is done, or gone. */
export function* nextRequest(suite: Suite): Program<SuiteRequest | null> {
  const words = yield* get(suite, REQUEST_WORDS);
  return words === null || words[0] === OP.END ? null : (words as unknown as SuiteRequest);
}
/** The first request says who the requestor is. */
export function* firstRequest(suite: Suite): Program<Endpoint> {
  const words = (yield* get(suite, REQUEST_WORDS)) ?? (yield* panic(`${suite.name}: the requestor has gone`));
  return words[1] as Endpoint;
}
export function* reply(suite: Suite, result: number, value: number): Program<void> {
  yield* put(suite, [result, value]);
}

/** Prints a line to the results. */
export function* out(suite: Suite, text: string): Program<void> {
  yield* writeFile(suite.results, textBytes(`${suite.name}: ${text}\n`));
}

export function* check(suite: Suite, what: string, got: number, wanted: number): Program<void> {
  if (got === wanted || suite.failed++ > 0) return;
  yield* out(suite, `${suite.step} FAILED: ${what}: ${got} instead of ${wanted}`);
}

/** Runs a step and prints how it came out. */
export function* step(suite: Suite, name: string, body: () => Program<void>): Program<void> {
  suite.step = name;
  suite.failed = 0;
  yield* body();
  suite.steps++;
  if (suite.failed > 0) suite.failures++;
  else yield* out(suite, `${name} succeeded`);
}

/** Prints the sum, and waits to be brought down. */
export function* conclude(suite: Suite): Program<never> {
  yield* out(suite, `${suite.steps} steps, ${suite.failures} failed`);
  yield* closeFile(suite.results);
  for (;;) yield* sefReceive();
}
