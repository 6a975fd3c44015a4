import { AMF_NOREPLY, AMF_VALID, ANY, ASYNCM, ASYN_ENTRY_BYTES, CLOCK, DATA_START, IPC_VECTOR, KERNEL_CALL_VECTOR, NOTIFY, RECEIVE, RS, SELF, SEND, SENDA, SENDREC, SYSTEM, TTY, VFS, newFrame, newMessage, type Endpoint, type GrantId, type Message, type Program } from "@procyon-os/message";
import { CPF_DIRECT, CPF_MAP, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, asynEntry, encodeGrant, grantId } from "@procyon-os/contract-kernel";
import { BAD, RESULT, STATUS, script } from "./steps.ts";
import { ipc, load, store, sys } from "../../src/testing/machine.ts";

const SERVER = VFS;
const BYTES = DATA_START + 0x800;

function* number(call: number, message: Message): Program<number> {
  const frame = newFrame(KERNEL_CALL_VECTOR);
  frame.message = message;
  message[1] = 0x600 + call;
  return ((yield frame).message as Message)[1] as number;
}
const noted = (...words: readonly number[]): Message => {
  const message = newMessage();
  words.forEach((value, index) => (message[index + 2] = value));
  return message;
};

/** The same as kconform.c, of a hosted process. */
export function* conform(note: (check: number, value: number) => void): Program<void> {
  const of = function* (check: number, call: number, to: number, type = 0): Program<{ message: Message; status: number }> {
    const { eax, ebx, message } = yield* ipc(call, to as Endpoint, newMessage(type), DATA_START);
    note(check, eax);
    return { message: message ?? newMessage(), status: ebx };
  };
  let got = yield* of(1, SENDREC, SERVER, 1);
  note(2, got.message[1] as number);
  note(3, got.message[0] as number);
  yield* of(4, SEND, SERVER, 5);
  got = yield* of(5, RECEIVE, SERVER);
  note(6, got.message[1] as number);
  note(7, got.status);
  yield* of(8, 9, SERVER);
  yield* of(9, SEND, ANY);
  yield* of(10, SEND, 4711);
  yield* of(11, RECEIVE, 4711);
  yield* of(12, SEND, SYSTEM);
  yield* of(13, SENDA, 5000);
  yield* of(14, SENDREC, SERVER, 2);
  got = yield* of(15, RECEIVE, ANY);
  note(16, got.message[1] as number);
  note(17, got.status);
  yield* of(20, SENDREC, SERVER, 3);
  note(21, (yield* ipc(SEND, SERVER, newMessage(103))).eax === 0 ? 0 : -1);

  yield* store(DATA_START, asynEntry.encode({ flags: 1 | 4, to: SERVER, result: 0, message: newMessage(7) }));
  yield* store(DATA_START + ASYN_ENTRY_BYTES, asynEntry.encode({ flags: 1, to: 4711 as Endpoint, result: 0, message: newMessage(8) }));
  yield* of(30, SENDA, 2);
  yield* of(31, RECEIVE, ASYNCM);
  const first = asynEntry.decode(yield* load(DATA_START, ASYN_ENTRY_BYTES));
  note(32, first.result);
  note(33, first.flags & 2);
  note(34, asynEntry.decode(yield* load(DATA_START + ASYN_ENTRY_BYTES, ASYN_ENTRY_BYTES)).result);

  note(40, yield* number(12, newMessage()));
  note(41, yield* number(63, newMessage()));
  note(42, yield* number(6, noted(4711)));
  note(43, yield* number(25, noted(SELF)));
  const who = yield* sys("getinfo", { what: 19, address: 0 as never, maxBytes: 0, process: 0 as Endpoint });
  note(44, who[1] as number);
  note(45, who[2] as number);
  note(46, who[3] as number);

  note(50, (yield* sys("setalarm", { expiresAt: 2 as never, absolute: false }))[1] as number);
  got = yield* of(51, RECEIVE, CLOCK);
  note(52, got.message[1] as number);
  note(53, got.message[0] as number);

  yield* store(BYTES, Uint8Array.of(42));
  yield* store(DATA_START, encodeGrant({ kind: "direct", flags: CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ, to: SERVER, start: BYTES, length: 8 }));
  note(60, (yield* sys("setgrant", { table: DATA_START as never, entries: 1 }))[1] as number);
  got = yield* of(61, SENDREC, SERVER, 4);
  note(62, got.message[1] as number);
  note(63, got.message[2] as number);
  note(64, got.message[3] as number);

  note(70, (yield* sys("privctl", { process: SELF, request: 99, argument: 0 as never, physStart: 0 as never, physLength: 0 }))[1] as number);
  note(71, (yield* sys("devio", { request: 0x11, port: 0x71, value: 0 }))[1] as number);
}

/** Takes the steps of the script, as the guest does; what they note, in order. */
export function* runScript(): Program<number[]> {
  const noted: number[] = [];
  for (const { op, a, b, buffer, words, notes } of script) {
    if (op === "store") yield* store(a, new Uint8Array(Int32Array.from(words).buffer));
    else if (op === "load") noted.push(...new Int32Array((yield* load(a, b * 4)).slice().buffer));
    else {
      const message = newMessage();
      message[0] = op === "call" ? b : 0;
      words.forEach((word, index) => (message[index + 1] = word));
      const frame = newFrame(op === "ipc" ? IPC_VECTOR : KERNEL_CALL_VECTOR);
      Object.assign(frame, { ecx: a, eax: b, ebx: buffer, message: buffer >= BAD ? null : message });
      const answer = yield frame;
      const got = answer.message ?? newMessage();
      if (notes & RESULT) noted.push(op === "ipc" ? answer.eax : (got[1] as number));
      if (notes & STATUS) noted.push(answer.ebx);
      for (let index = 0; index < 9; index++) if (notes & (1 << index)) noted.push(got[index] as number);
    }
  }
  return noted;
}

const GRANT_TABLE = 0x5000;
const GRANTED = 0x6000;
const RW = CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ | CPF_WRITE;
/** Type 11: grants, as steps.ts says what is wrong with each. */
function* makeGrants(to: Endpoint): Program<void> {
  const grants = [
    { flags: RW, to, start: GRANTED, length: 16 }, { flags: RW & ~CPF_WRITE, to, start: GRANTED, length: 16 }, { flags: RW, to: TTY, start: GRANTED, length: 16 },
    { flags: RW, to, start: 0xfffffff0, length: 16 }, { flags: RW & ~CPF_VALID, to, start: GRANTED, length: 16 }, { flags: RW | CPF_MAP, to, start: 0x8000, length: 0x2000 },
  ];
  for (const [index, grant] of grants.entries()) yield* store(GRANT_TABLE + index * 36, encodeGrant({ kind: "direct", ...grant }));
  yield* sys("setgrant", { table: GRANT_TABLE as never, entries: grants.length });
}
/** Types 12 and 13: copies through grants of the client, and their results. */
function* copyThrough(client: Endpoint, grants: readonly number[], answer: Message): Program<void> {
  for (const [index, grant] of grants.entries()) {
    answer[2 + index] = (yield* sys("safecopyfrom", { process: client, segment: 1, grant: grant as GrantId, offset: 0, address: 0x7000 as never, bytes: 8 }))[1] as number;
  }
}

/** The other side of the checks. */
export function* server(): Program<never> {
  for (;;) {
    const { message } = yield* ipc(RECEIVE, ANY);
    const [from, type] = message as Message;
    const client = from as Endpoint;
    const answer = newMessage((type as number) + 100);
    if (from === RS || from === undefined) continue;
    if (type === 2) yield* ipc(NOTIFY, client);
    if (type === 4) {
      const copy = { process: client, segment: 1, grant: 0 as GrantId, address: DATA_START as never, bytes: 8 };
      answer[1] = (yield* sys("safecopyfrom", { ...copy, offset: 0 }))[1] as number;
      answer[2] = (yield* load(DATA_START, 1))[0] as number;
      answer[3] = (yield* sys("safecopyfrom", { ...copy, offset: 4 }))[1] as number;
    }
    if (type === 11) yield* makeGrants(client);
    if (type === 12) yield* copyThrough(client, [0, 1, 2], answer);
    if (type === 13) yield* copyThrough(client, [3, grantId(3, 2), grantId(3, 3), grantId(3, 4)], answer);
    if (type !== 7 && type !== 103) yield* ipc(SEND, client, answer);
    if (type === 8) yield* ipc(SEND, client, newMessage(55));
    if (type === 9) {
      yield* store(DATA_START, asynEntry.encode({ flags: AMF_VALID | AMF_NOREPLY, to: client, result: 0, message: newMessage(61) }));
      yield* ipc(SENDA, 1 as Endpoint, null, DATA_START);
    }
  }
}
