import {
  ANY, errorCode, IPC_VECTOR, isNotify, messageSource, newFrame, newMessage, NOTIFY, RECEIVE, RECEIVE_NOTED, SEND, SENDA, SENDNB,
  SENDREC, Trap, type Endpoint, type Frame, type Message, type Program, type VirtAddr,
} from "@procyon-os/message";

/** What RECEIVE gave: the trap's own result, and where that is 0 the message and the status word. */
export interface Received {
  readonly result: number; // 0, or a negative error of the trap
  readonly message: Message;
  readonly status: number;
}

const NO_MESSAGE: Message = newMessage();

function ipc(call: number, partner: number, message: Message | null): Frame {
  const frame = newFrame(IPC_VECTOR);
  frame.ecx = call;
  frame.eax = partner;
  frame.message = message;
  return frame;
}

const trapResult = ({ eax }: Frame): number => eax;
const received = ({ eax, ebx, message }: Frame): Received => ({ result: eax, message: message ?? NO_MESSAGE, status: ebx });
const replied = ({ eax, message }: Frame): Message => (eax !== 0 ? newMessage(eax) : (message ?? newMessage(errorCode("EFAULT"))));

/** SEND: waits until the partner takes the message. Gives 0 or a negative error (reference/kernel.md 2.4, 2.5). */
export function send(to: Endpoint, message: Message): Program<number> {
  return new Trap(ipc(SEND, to, message), trapResult);
}

/** SENDNB: like SEND, but ENOTREADY where the partner is not waiting. */
export function sendNb(to: Endpoint, message: Message): Program<number> {
  return new Trap(ipc(SENDNB, to, message), trapResult);
}

/** NOTIFY: never waits; several notifications of one sender collapse. */
export function notify(to: Endpoint): Program<number> {
  return new Trap(ipc(NOTIFY, to, null), trapResult);
}

/** RECEIVE from one source or from ANY. Services use `sefReceive`, which takes the system's own events out. */
export function receive(from: Endpoint = ANY): Program<Received> {
  return new Trap(ipc(RECEIVE, from, null), received);
}

/** RECEIVE whose message the kernel keeps for the instance that may have to take over. For `sefReceive`. */
export function receiveNoted(from: Endpoint = ANY): Program<Received> {
  const frame = ipc(RECEIVE, from, null);
  frame.ebx = RECEIVE_NOTED;
  return new Trap(frame, received);
}

/**
 * SENDREC: request and reply. The reply's m_type is the result; where the trap itself failed, m_type is the trap's negative
 * error, so that one look tells (MINIX's `_taskcall`).
 */
export function sendrec(to: Endpoint, message: Message): Program<Message> {
  return new Trap(ipc(SENDREC, to, message), replied);
}

/** SENDA: registers a table of `count` asynchronous messages; use `asynsend`, which keeps such a table. */
export function senda(table: VirtAddr | number, count: number): Program<number> {
  const frame = ipc(SENDA, count, null);
  frame.ebx = table;
  return new Trap(frame, trapResult);
}

/** Whether something received is a notification from this source. */
export function isNotifyFrom(received: Received, source: Endpoint): boolean {
  return isNotify(received.status) && messageSource(received.message) === source;
}
