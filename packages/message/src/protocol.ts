import { errorCode, errorName, type ErrorName } from "./errors.ts";
import type { Field } from "./field.ts";
import { messageType, newMessage, type Message } from "./message.ts";
import { fail, ok, type Failure, type Result } from "./result.ts";

/** The fields of a request or a reply, by name. */
export type Fields = { readonly [name: string]: Field<never> | Field<any> };
/** The values that fill such fields. */
export type Values<F extends Fields> = { -readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

/** One call of a contract: everything there is to know of it. */
export interface Call<Q extends Fields = Fields, P extends Fields = Fields, E extends ErrorName = ErrorName> {
  readonly number: number; // relative to the base of the protocol
  readonly about: string;
  readonly request: Q;
  readonly reply: P;
  readonly repeatable: boolean; // whether a client may send it again after the server died
  readonly errors: { readonly [Name in E]: string };
}

/** A protocol: the calls of one service, declared once, as data. */
export interface Protocol<Calls extends { readonly [name: string]: Call<any, any, any> } = { readonly [name: string]: Call }> {
  readonly name: string;
  readonly version: string;
  readonly base: number;
  readonly calls: Calls;
}

export type Request<C> = C extends Call<infer Q, any, any> ? Values<Q> : never;
export type Reply<C> = C extends Call<any, infer P, any> ? Values<P> : never;
export type CallErrors<C> = C extends Call<any, any, infer E> ? E : never;
export type Outcome<C> = Result<Reply<C>, CallErrors<C>>;

/** Declares one call. `number` is relative to the protocol's base. */
export function call<Q extends Fields, P extends Fields, E extends ErrorName = never>(
  number: number,
  about: { about: string; request: Q; reply: P; repeatable: boolean; errors: { readonly [Name in E]: string } },
): Call<Q, P, E> {
  return { number, ...about };
}

/** Checks that no two fields of a form overlap: a mistake in a contract stops at load. */
function checkForm(where: string, fields: Fields): void {
  const taken = new Map<number, string>();
  for (const [name, field] of Object.entries(fields)) {
    for (let byte = field.offset; byte < field.offset + field.bytes; byte++) {
      const other = taken.get(byte);
      if (other !== undefined) throw new Error(`${where}: fields ${other} and ${name} overlap at byte ${byte}`);
      taken.set(byte, name);
    }
  }
}

/** Declares a protocol; throws where fields overlap, a number is used twice, or m_type stands in a request. */
export function protocol<const Calls extends { readonly [name: string]: Call<any, any, any> }>(
  declaration: Protocol<Calls>,
): Protocol<Calls> {
  const numbers = new Map<number, string>();
  for (const [name, one] of Object.entries(declaration.calls)) {
    const where = `${declaration.name}.${name}`;
    const other = numbers.get(one.number);
    if (other !== undefined) throw new Error(`${where}: number ${one.number} is ${other}'s already`);
    numbers.set(one.number, name);
    checkForm(`${where} request`, one.request);
    checkForm(`${where} reply`, one.reply);
    for (const [field, { place }] of Object.entries(one.request as Fields)) {
      if (place === "m_type") throw new Error(`${where}: m_type of a request is its number, not the field ${field}`);
    }
  }
  return declaration;
}

function readFields<F extends Fields>(fields: F, message: Message): Values<F> {
  const values: { [name: string]: unknown } = {};
  for (const name in fields) values[name] = (fields[name] as Field<unknown>).read(message);
  return values as Values<F>;
}

/** What is written field by field, as a list that hangs on the form itself: messages are made by the million. */
const WRITERS = Symbol("writers");
type Writer = { readonly name: string; readonly word: number; readonly write: (message: Message, value: unknown) => void };

function writersOf(fields: Fields): readonly Writer[] {
  const known = (fields as { readonly [WRITERS]?: readonly Writer[] })[WRITERS];
  if (known !== undefined) return known;
  const value = Object.entries(fields).map(([name, { word, write }]) => ({ name, word: word ?? -1, write: write as Writer["write"] }));
  Object.defineProperty(fields, WRITERS, { value });
  return value;
}

function writeField({ word, write }: Writer, message: Message, value: unknown): void {
  if (word === -1) write(message, value);
  else message[word] = value as number; // the array takes 32 bits of it
}

function writeFields(fields: Fields, message: Message, values: { readonly [name: string]: unknown }): void {
  const writers = writersOf(fields);
  // Where the values stand in the order of the form, as they mostly do, none has to be looked for by its name.
  let index = 0;
  for (const name in values) {
    const writer = writers[index];
    if (writer === undefined || writer.name !== name) {
      index = -1;
      break;
    }
    writeField(writer, message, values[name]);
    index++;
  }
  if (index !== writers.length) for (const writer of writers) writeField(writer, message, values[writer.name]);
}

/** The request as a message; m_source is left 0, the kernel fills it. */
export function encodeRequest<C extends Call<any, any, any>>(base: number, one: C, values: Request<C>): Message {
  const message = newMessage(base + one.number);
  writeFields(one.request, message, values as { [name: string]: unknown });
  return message;
}

/** The fields of a received request. */
export function decodeRequest<C extends Call<any, any, any>>(one: C, message: Message): Request<C> {
  return readFields(one.request, message) as Request<C>;
}

/** The reply as a message: m_type is 0, or the field that the contract puts there, or a negative error. */
export function encodeReply<C extends Call<any, any, any>>(one: C, outcome: Outcome<C> | Failure): Message {
  if (!outcome.ok) return newMessage(errorCode(outcome.error));
  const message = newMessage(0);
  writeFields(one.reply, message, outcome.value as { [name: string]: unknown });
  return message;
}

/** The outcome that a reply stands for. A negative type that the contract does not name is still given by its name. */
export function decodeReply<C extends Call<any, any, any>>(one: C, message: Message): Outcome<C> {
  const type = messageType(message);
  if (type < 0) return fail(errorName(type) ?? "EGENERIC") as Outcome<C>;
  return ok(readFields(one.reply, message)) as Outcome<C>;
}

/** The call that a number (with the base in it) stands for, or null. Built once for each protocol. */
export function callByNumber<P extends Protocol<any>>(one: P): (type: number) => (keyof P["calls"] & string) | null {
  const names = new Map<number, string>(
    Object.entries(one.calls as { [name: string]: Call }).map(([name, { number }]) => [one.base + number, name]),
  );
  return (type) => (names.get(type) as (keyof P["calls"] & string) | undefined) ?? null;
}
