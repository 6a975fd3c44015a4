import {
  callByNumber, decodeRequest, encodeReply, errorCode, messageSource, messageType, newMessage, type Call, type Endpoint, type Failure,
  type Message, type Outcome, type Program, type Protocol, type Request,
} from "@procyon-os/message";
import type { Received } from "./ipc.ts";

/** A handler answers this where nobody shall get a reply now. */
export const NO_REPLY = "no reply" as const;
export type NoReply = typeof NO_REPLY;

/** Handles one call: checks, then effects. An error that the contract does not name does not compile. */
export type Handler<State, C> = (
  state: State,
  caller: Endpoint,
  request: Request<C>,
  received: Received,
) => Program<Outcome<C> | NoReply>;

/** A handler for every call of a contract; a server that forgets one does not compile. */
export type Handlers<State, P extends Protocol<any>> = { readonly [Name in keyof P["calls"]]: Handler<State, P["calls"][Name]> };

const finders = new WeakMap<Protocol<any>, (type: number) => string | null>();

function nameOf(contract: Protocol<any>, type: number): string | null {
  let find = finders.get(contract);
  if (find === undefined) {
    find = callByNumber(contract) as (type: number) => string | null;
    finders.set(contract, find);
  }
  return find(type);
}

/** Whether a message's type is a call of this contract. */
export function isCallOf(contract: Protocol<any>, message: Message): boolean {
  return nameOf(contract, messageType(message)) !== null;
}

/**
 * Finds the handler for a request, runs it and makes the reply; null where there shall be none.
 * @param unknown what a number without a handler is answered
 */
export function* dispatch<State, P extends Protocol<any>>(
  contract: P,
  handlers: Handlers<State, P>,
  state: State,
  received: Received,
  unknown: Failure["error"] = "ENOSYS",
): Program<Message | null> {
  const { message } = received;
  const name = nameOf(contract, messageType(message));
  if (name === null) return newMessage(errorCode(unknown));
  const one = contract.calls[name] as Call<any, any, any>;
  const handler = handlers[name as keyof P["calls"]] as Handler<State, typeof one>;
  const outcome = yield* handler(state, messageSource(message), decodeRequest(one, message), received);
  return outcome === NO_REPLY ? null : encodeReply(one, outcome);
}
