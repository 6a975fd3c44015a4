import type { Field } from "./field.ts";
import type { Call, Fields, Protocol } from "./protocol.ts";
import type { ServiceImage } from "./trap.ts";

/** One difference between two versions of a contract, and whether a client of the old one notices. */
export interface ContractChange {
  readonly breaks: boolean;
  /** The call that changed; null where the whole contract did. */
  readonly call: string | null;
  readonly why: string;
}

/**
 * How a contract stands to an older one. `compatible`: whoever talks to the old one can talk to the new one; there are
 * additions. `incompatible`: somebody cannot.
 */
export interface ContractComparison {
  readonly kind: "same" | "compatible" | "incompatible";
  readonly changes: readonly ContractChange[];
}

type Calls = { readonly [name: string]: Call<any, any, any> };
const has = (object: object, name: string): boolean => Object.prototype.hasOwnProperty.call(object, name);

/** What a client knows of a field: where it lies and what it is. */
function fieldProblem(before: Field<unknown>, after: Field<unknown>): string | null {
  if (before.offset !== after.offset || before.bytes !== after.bytes) return `moved from ${before.place} to ${after.place}`;
  return before.type === after.type ? null : `changed its type from ${before.type} to ${after.type}`;
}

function compareFields(call: string, form: "request" | "reply", before: Fields, after: Fields): ContractChange[] {
  const changes: ContractChange[] = [];
  for (const name of Object.keys(before)) {
    const problem = has(after, name) ? fieldProblem(before[name] as Field<unknown>, after[name] as Field<unknown>) : "is gone";
    // A request field that nobody reads any more hurts no client; whatever else a client sends or reads is where it was, or it breaks.
    if (problem !== null) changes.push({ breaks: form === "reply" || problem !== "is gone", call, why: `the ${form} field ${name} ${problem}` });
  }
  for (const name of Object.keys(after)) {
    // An old client leaves a zero in a place that it does not know: the new server has to take that as "not given".
    if (!has(before, name)) changes.push({ breaks: false, call, why: `the ${form} field ${name} is new` });
  }
  return changes;
}

function compareCall(name: string, before: Call, after: Call, numberBefore: number, numberAfter: number): ContractChange[] {
  const changes: ContractChange[] = [];
  if (numberBefore !== numberAfter) changes.push({ breaks: true, call: name, why: `the number changed from ${numberBefore} to ${numberAfter}` });
  changes.push(...compareFields(name, "request", before.request, after.request), ...compareFields(name, "reply", before.reply, after.reply));
  if (before.repeatable && !after.repeatable) {
    changes.push({ breaks: true, call: name, why: "it may no longer be repeated after the server died, and old clients repeat it" });
  }
  if (!before.repeatable && after.repeatable) changes.push({ breaks: false, call: name, why: "it may be repeated now" });
  for (const error of Object.keys(before.errors)) {
    if (!has(after.errors, error)) changes.push({ breaks: false, call: name, why: `the error ${error} is gone` });
  }
  for (const error of Object.keys(after.errors)) {
    if (!has(before.errors, error)) changes.push({ breaks: false, call: name, why: `the error ${error} is new` });
  }
  return changes;
}

/** Compares a contract with an older one, call by call; texts, order and version numbers do not count. */
export function compareContracts(before: Protocol<any>, after: Protocol<any>): ContractComparison {
  const changes: ContractChange[] = [];
  if (before.name !== after.name) changes.push({ breaks: true, call: null, why: `it is the contract ${after.name}, not ${before.name}` });
  const old = before.calls as Calls;
  const next = after.calls as Calls;
  for (const [name, call] of Object.entries(old)) {
    if (!has(next, name)) changes.push({ breaks: true, call: name, why: "the call is gone" });
    else changes.push(...compareCall(name, call, next[name] as Call, before.base + call.number, after.base + (next[name] as Call).number));
  }
  for (const [name, call] of Object.entries(next)) {
    if (has(old, name)) continue;
    const taken = Object.entries(old).find(([, one]) => before.base + one.number === after.base + call.number);
    if (taken === undefined) changes.push({ breaks: false, call: name, why: "the call is new" });
    else changes.push({ breaks: true, call: name, why: `it has the number ${after.base + call.number}, which was ${taken[0]}'s` });
  }
  const kind = changes.some(({ breaks }) => breaks) ? "incompatible" : changes.length > 0 ? "compatible" : "same";
  return { kind, changes };
}

/** What breaks, one line each: `ds.publish: the number changed from 2048 to 2055`. */
export function breaksOf(name: string, comparison: ContractComparison): string[] {
  return comparison.changes.filter(({ breaks }) => breaks).map(({ call, why }) => `${name}${call === null ? "" : `.${call}`}: ${why}`);
}

const major = (version: string): string => {
  const [first = "", second = ""] = version.split(".");
  return first === "0" ? `0.${second}` : first;
};

/**
 * Why a package cannot take the place of another without breaking those who use it; empty where it can. Two contracts are
 * compared as they are. Where one side names its contract only, name and major version have to agree. A service whose
 * contract is not known may be replaced by anything; one whose contract is known, only by a package that names its own.
 */
export function replacementProblems(running: ServiceImage, next: ServiceImage): string[] {
  return [...contractProblems(running, next), ...stateProblems(running, next)];
}

/** Whether the state that is there is the package's, where both say what they keep. Whether it knows the way from an older version of it, it says when it has it. */
function stateProblems({ state: saved }: ServiceImage, { state: wanted }: ServiceImage): string[] {
  if (saved === undefined || wanted === undefined || saved.name === wanted.name) return [];
  return [`it keeps the state "${wanted.name}", and there is that of "${saved.name}"`];
}

function contractProblems(running: ServiceImage, next: ServiceImage): string[] {
  if (running.contract !== undefined && next.contract !== undefined) {
    return breaksOf(running.contract.name, compareContracts(running.contract, next.contract));
  }
  const namesOf = (image: ServiceImage): readonly { readonly name: string; readonly version: string }[] =>
    image.contract === undefined ? (image.provides ?? []) : [image.contract];
  const offered = namesOf(next);
  return namesOf(running).flatMap(({ name, version }) => {
    const same = offered.find((one) => one.name === name);
    if (same === undefined) return [`${name}: the package does not say that it provides this contract`];
    return major(same.version) === major(version) ? [] : [`${name}: version ${same.version} is provided, ${version} is in use`];
  });
}
