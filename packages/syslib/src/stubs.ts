import {
  decodeReply, encodeRequest, errorCode, KERNEL_CALL_VECTOR, messageType, newFrame, newMessage, Trap, type Call, type Endpoint,
  type Frame, type Message, type Outcome, type Program, type Protocol, type Request,
} from "@procyon-os/message";
import { sendrec } from "./ipc.ts";

/** One function a call of a contract: `yield* pm.fork({})` gives a `Result` with the reply's fields. */
export type Stubs<P extends Protocol<any>> = {
  readonly [Name in keyof P["calls"]]: (request: Request<P["calls"][Name]>) => Program<Outcome<P["calls"][Name]>>;
};

type Caller = (one: Call<any, any, any>, message: Message) => Program<Message>;

function makeStubs<P extends Protocol<any>>(contract: P, caller: Caller): Stubs<P> {
  const stubs: { [name: string]: unknown } = {};
  for (const [name, one] of Object.entries(contract.calls as { [name: string]: Call<any, any, any> })) {
    stubs[name] = function* (request: Request<typeof one>) {
      const reply = yield* caller(one, encodeRequest(contract.base, one, request));
      return decodeReply(one, reply);
    };
  }
  return stubs as Stubs<P>;
}

/** Makes a kernel call (int 32) and gives the reply, which is written over the request; m_type is its result. */
export function kernelCall(message: Message): Program<Message> {
  const frame = newFrame(KERNEL_CALL_VECTOR);
  frame.message = message;
  return new Trap(frame, kernelAnswer);
}
const kernelAnswer = ({ message }: Frame): Message => message ?? newMessage(errorCode("EDONTREPLY"));

/** Stubs of the kernel's own calls. */
export function kernelStubs<P extends Protocol<any>>(contract: P): Stubs<P> {
  return makeStubs(contract, (_one, message) => kernelCall(message));
}

/** How often a repeatable call is sent again after its server died under it. */
const REPEATS = 8;

/**
 * Stubs of a service at an endpoint. When the service dies over a call that the contract calls repeatable, and comes back at
 * the same endpoint, the call is sent again and the caller sees nothing.
 */
export function client<P extends Protocol<any>>(contract: P, server: Endpoint): Stubs<P> {
  return makeStubs(contract, function* (one, message) {
    const dead = errorCode("EDEADSRCDST");
    for (let tries = 0; ; tries++) {
      const reply = yield* sendrec(server, message.slice());
      if (messageType(reply) !== dead || !one.repeatable || tries === REPEATS) return reply;
    }
  });
}
