import { AMF_NOREPLY, AMF_NOTIFY_ERR, AMF_VALID, ANY, ASYNCM, CLOCK, NONE, NOTIFY, PM, RECEIVE, SELF, SEND, SENDA, SENDNB, SENDREC, SYSTEM, VFS, newMessage, type Endpoint, type GrantId } from "@procyon-os/message";
import { CPF_DIRECT, CPF_INDIRECT, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, DIO_BYTE, DIO_INPUT, DIO_WORD, asynEntry, encodeGrant, ioRange, safecopyElement } from "@procyon-os/contract-kernel";

/** What a step notes: the result (EAX, or m_type of a kernel call), the status, and words of the message by their index. */
export const RESULT = 1 << 9;
export const STATUS = 1 << 10;
const word = (index: number): number => 1 << index;

/** A step that a guest and a hosted program take alike. Messages lie at `MESSAGE`, data at `WORK`, in both. */
export interface Step {
  readonly line: string; // of the checklist
  readonly op: "ipc" | "call" | "store" | "load";
  /** IPC: primitive and partner (or count of a table). Kernel call: its number and m_source. Store and load: address and words. */
  readonly a: number;
  readonly b: number;
  readonly buffer: number; // of IPC
  readonly words: readonly number[]; // m_type and what follows, or what is stored
  readonly notes: number;
  readonly expected: readonly number[];
}
export const MESSAGE = 0x9000;
export const WORK = 0xa000;
const SERVER: Endpoint = VFS;
const TABLE = WORK; // asynchronous
const GRANTS = WORK + 0x200;
const VECTOR = WORK + 0x300;
const RANGE = WORK + 0x380;
const BUFFER = WORK + 0x400;
const PAGE = WORK + 0x1000;
/** A message buffer that is none. */
export const BAD = 0xfffffff0;
const NO_ENDPOINT = 4711;
const RW = CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ | CPF_WRITE;

let line = "";
const steps: Step[] = [];
const add = (op: Step["op"], a: number, b: number, buffer: number, words: readonly number[], notes: number, expected: readonly number[]): void => {
  steps.push({ line, op, a, b, buffer, words, notes, expected });
};
const ipc = (primitive: number, partner: number, expected: readonly number[], type = 103, notes = RESULT, buffer = MESSAGE): void =>
  add("ipc", primitive, partner, buffer, [type], notes, expected);
const senda = (count: number, expected: readonly number[], table = TABLE): void => add("ipc", SENDA, count, table, [], RESULT, expected);
const call = (number: number, fields: readonly number[], expected: readonly number[], notes = RESULT, source = 0): void =>
  add("call", number, source, MESSAGE, [0x600 + number, ...fields], notes, expected);
/** The 32-bit words of these bytes, zeros behind them. */
const wordsOf = (bytes: Uint8Array): number[] => {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return [...new Int32Array(padded.buffer)];
};
const store = (address: number, bytes: Uint8Array): void => add("store", address, 0, 0, wordsOf(bytes), 0, []);
const load = (address: number, expected: readonly number[]): void => add("load", address, expected.length, 0, [], 0, expected);
const pause = (ticks: number): void => {
  call(24, [0, 0, 0, ticks], [0]);
  ipc(RECEIVE, CLOCK, [0]);
};
const message = (type: number): ReturnType<typeof newMessage> => newMessage(type);
const m5 = (sourceSegment: number, targetSegment: number, source: number, target: number, sourceAddress: number, targetAddress: number, bytes: number): number[] =>
  [(sourceSegment & 0xffff) | (targetSegment << 16), source, target, sourceAddress, targetAddress, bytes];

line = "K01";
for (const primitive of [0, 6, 7, 15, 17, -1]) ipc(primitive, SERVER, [-102]);
for (const primitive of [SEND, SENDREC, NOTIFY, SENDNB]) ipc(primitive, ANY, [-22]);
for (const primitive of [SEND, RECEIVE, SENDREC, NOTIFY, SENDNB]) {
  ipc(primitive, NO_ENDPOINT, [-105]);
  ipc(primitive, NONE, [-105]);
  ipc(primitive, SELF, [-105]);
  ipc(primitive, 36558 + 20, [-105]);
}
for (const primitive of [SEND, SENDREC, NOTIFY, SENDNB]) ipc(primitive, PM, [-104]); // itself
for (const primitive of [SEND, NOTIFY, SENDNB]) ipc(primitive, CLOCK, [-110]);
senda(-1, [-33]);
senda(4177, [-33]);
senda(0, [0]);
ipc(SENDREC, SERVER, [0, SERVER, 130], 30, RESULT | word(0) | word(1));
pause(1);
ipc(SENDNB, SERVER, [0]);
ipc(SENDREC, SERVER, [0, 102], 2, RESULT | word(1)); // it notifies before it answers
ipc(RECEIVE, SERVER, [0, 4, SERVER, 0x1000], 0, RESULT | STATUS | word(0) | word(1));

line = "K02";
ipc(SENDREC, SERVER, [0], 8); // from now on it sends to us
pause(2);
ipc(SEND, SERVER, [-101]);
ipc(SENDREC, SERVER, [-101]);
ipc(SENDNB, SERVER, [-106]);
ipc(RECEIVE, SERVER, [0, 1, 55], 0, RESULT | STATUS | word(1));

line = "K03";
const entries = [[AMF_VALID, NO_ENDPOINT], [AMF_VALID | AMF_NOTIFY_ERR, SYSTEM], [AMF_VALID, PM], [0x101, SERVER], [0, SERVER], [AMF_VALID, SERVER]] as const;
entries.forEach(([flags, to], index) => store(TABLE + index * 48, asynEntry.encode({ flags, to: to as Endpoint, result: 0, message: message(103) })));
pause(1);
senda(6, [0]);
ipc(RECEIVE, ASYNCM, [0, 4], 0, RESULT | STATUS);
for (const [index, expected] of [[3, NO_ENDPOINT, -105], [0x13, SYSTEM, -104], [3, PM, -104], [0x101, SERVER, 0], [0, SERVER, 0], [3, SERVER, 0]].entries()) load(TABLE + index * 48, expected);
ipc(SENDREC, SERVER, [0, 109], 9, RESULT | word(1)); // it has two for us, one of them no answer
ipc(SENDREC, SERVER, [0, 130], 30, RESULT | word(1));
ipc(RECEIVE, SERVER, [0, 16, 61], 0, RESULT | STATUS | word(1));
store(TABLE, asynEntry.encode({ flags: AMF_VALID | AMF_NOREPLY, to: SERVER, result: 0, message: message(103) }));
senda(1, [0]);
pause(1);
load(TABLE, [11, SERVER, 0]);

line = "K04";
ipc(SENDREC, SERVER, [0], 9);
pause(1);
call(43, [SERVER, 30], [0]); // VMINHIBIT_SET
call(24, [0, 0, 0, 1], [0]);
ipc(RECEIVE, ANY, [0, CLOCK], 0, RESULT | word(0)); // not what lies in memory that is changing
ipc(SENDNB, SERVER, [0]);
call(43, [SERVER, 31], [0]); // VMINHIBIT_CLEAR
call(43, [SERVER, 31], [-22]);
ipc(RECEIVE, ANY, [0, 16, SERVER, 61], 0, RESULT | STATUS | word(0) | word(1));
call(43, [8, 30], [-22]);

line = "K05";
pause(1);
ipc(SENDNB, SERVER, [-14], 103, RESULT, BAD);
ipc(SEND, SERVER, [-14], 103, RESULT, BAD);
ipc(SENDREC, SERVER, [-14], 103, RESULT, BAD);
ipc(SENDREC, SERVER, [0, 130], 30, RESULT | word(1));

line = "K06";
for (const number of [-1, 12, 18, 29, 30, 36, 37, 38, 57, 62, 63, 64, 0x1000]) call(number, [], [-107]);
call(25, [SELF], [0, SYSTEM], RESULT | word(0));

line = "K07";
call(25, [SYSTEM], [0, 0, 0], RESULT | word(2) | word(3));
call(26, [0, -1, 19], [0], RESULT);

line = "K09";
call(26, [0, SELF, 19], [0, PM, 0x12], RESULT | word(2) | word(3), 99); // m_source says nothing
call(25, [SELF], [0, SYSTEM], RESULT | word(0), SERVER);
call(5, [SELF, 4, 0, BAD], [-22]);
call(35, [4, 0, 0, 0x400, 0, BAD], [-14]);

line = "K10";
store(BUFFER, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
call(15, m5(1, 1, SELF, SERVER, BUFFER, 0x3000, 8), [0]);
call(15, m5(1, 1, SERVER, SERVER, 0x3000, 0x4000, 8), [0]);
call(15, m5(1, 1, SERVER, SELF, 0x4000, BUFFER + 0x20, 8), [0]);
load(BUFFER + 0x20, [0x04030201, 0x08070605]);

line = "K11";
call(15, m5(1, 1, SELF, SERVER, BAD, 0x3000, 8), [-14]);
call(15, m5(1, 1, SELF, SERVER, BUFFER, BAD, 8), [-14]);
call(15, m5(1, 1, SERVER, SELF, 0x3000, BUFFER, 0), [-33]);
call(15, m5(1, 1, NO_ENDPOINT, SELF, 0, BUFFER, 8), [-22]);
call(15, m5(1, 1, SELF, NO_ENDPOINT, BUFFER, 0, 8), [-22]);
call(15, m5(1, 1, NONE, SELF, 0, BUFFER, 8), [-22]);

line = "K16";
for (const segment of [3, 0x100, 0x500, 0xff00]) call(15, m5(segment, 1, SELF, SELF, BUFFER, BUFFER, 8), [-22]);
call(15, m5(0x400, 1, SELF, SELF, 0, BUFFER, 8), [-22]); // physical memory is PHYSCOPY's
call(16, m5(0x400, 1, SELF, SELF, 0xfffffff0, BUFFER, 16), [-14]);
call(16, m5(1, 0x400, SELF, SELF, BUFFER, 0x7ffffff0, 16), [-14]);
call(15, m5(0x200, 1, SELF, SELF, 0x4fd, BUFFER, 4), [-14]); // behind the BIOS's memory
call(15, m5(1, 1, SELF, SYSTEM, BUFFER, 0x200000, 4), [-14]);
call(14, [1, SERVER, 0, BUFFER, 0, 4], [-1]); // UMAP of another
call(14, [1, SELF, 0, BAD, 0, 4], [-14]);

line = "K22";
call(3, [NO_ENDPOINT, 200, 0, -1], [-22]);
call(3, [SERVER, 200, 0, -1, 0, 7], [-1]);
for (const [quantum, priority, expected] of [[200, 16, -22], [200, -2, -22], [0, 7, -22], [200, 15, 0], [200, 8, 0], [-1, -1, 0]] as const) {
  call(54, [1, SERVER, quantum, 0, -1, 0, (priority & 0xffff) << 16], [expected]);
}
call(54, [2, SERVER, 200, 0, -1], [-22]);

line = "K23";
ipc(SENDREC, SERVER, [0], 11); // grant 0: 16 bytes, read and write; 1: read; 2: for somebody else; 3: 16 bytes up to 4 GB; 4: not valid
const safecopy = (number: number, grant: number, offset: number, address: number, bytes: number, expected: number, segment = 1): void =>
  call(number, [SERVER, segment, grant, offset, bytes, address], [expected]);
safecopy(32, 0, 0, BUFFER, 8, 0);
safecopy(31, 0, 4, BUFFER + 0x40, 4, 0);
load(BUFFER + 0x40, [0x08070605]);
for (const [grant, offset, bytes, expected] of [
  [0, 0, 16, 0], [0, 0, 17, -1], [0, 16, 1, -1], [0, 0xfffffff8, 16, -1], [0, 0, 0, -33], [1, 0, 8, 0], [2, 0, 8, -1], [3, 0, 16, -14], [3, 1, 16, -1], [4, 0, 8, -1], [-1, 0, 8, -22], [99, 0, 8, -1],
  [0x7fffffff, 0, 8, -1],
] as const) safecopy(31, grant, offset, BUFFER, bytes, expected);
safecopy(32, 1, 0, BUFFER, 8, -1);
safecopy(31, 0, 0, BAD, 8, -14);
safecopy(31, 0, 0, BUFFER, 8, -22, 0x401);
call(31, [NO_ENDPOINT, 1, 0, 0, 8, BUFFER], [-22]);
const element = (index: number, from: number, to: number, address: number): void =>
  store(VECTOR + index * 24, safecopyElement.encode({ from: from as Endpoint, to: to as Endpoint, grant: 0 as GrantId, offset: 0, address, bytes: 8 }));
element(0, SERVER, SELF, BUFFER + 0x60);
element(1, SELF, SELF, BUFFER);
for (const [elements, expected] of [[1, 0], [2, -22], [0, -22], [65, -22], [-1, -22]] as const) call(33, [0, 0, 0, 0, elements, VECTOR], [expected]);
load(BUFFER + 0x60, [0x04030201, 0x08070605]);
call(56, [SERVER, 0x5a, 0, 0, 4], [0]);
call(56, [SERVER, 0x5a, 1, 0, 4], [-1]);
safecopy(31, 0, 0, BUFFER + 0x60, 8, 0);
load(BUFFER + 0x60, [0x5a5a5a5a, 0x08070605]);

line = "K25";
for (const [grant, address, bytes, expected] of [[0, PAGE, 4096, -1], [5, PAGE - 4, 4096, -22], [5, PAGE, 100, -22], [2, PAGE, 4096, -1], [99, BUFFER, 4096, -1], [-1, BUFFER, 4096, -22]] as const) {
  call(47, [SERVER, grant, 0, address, bytes, 1], [expected]);
}
call(48, [0, 7, 0, 0, 0, 0, 1], [0]);
call(49, [0, 0, 0, BUFFER, 0, 1], [0]);

line = "K26";
store(GRANTS, encodeGrant({ kind: "indirect", flags: CPF_USED | CPF_VALID | CPF_INDIRECT, to: SERVER, from: SERVER, grant: 0 as GrantId }));
store(GRANTS + 36, encodeGrant({ kind: "indirect", flags: CPF_USED | CPF_VALID | CPF_INDIRECT, to: ANY, from: PM, grant: 1 as GrantId }));
store(GRANTS + 72, encodeGrant({ kind: "indirect", flags: CPF_USED | CPF_VALID | CPF_INDIRECT, to: SERVER, from: NO_ENDPOINT as Endpoint, grant: 0 as GrantId }));
store(GRANTS + 108, encodeGrant({ kind: "direct", flags: RW, to: SERVER, start: BUFFER, length: 8 }, 3));
call(34, [0, 4, 0, 0, 0, GRANTS], [0]);
// It copies through our grants: through its own, a circle, one of nobody's.
ipc(SENDREC, SERVER, [0, 112, 0, -40, -22], 12, RESULT | word(1) | word(2) | word(3) | word(4));

line = "K27";
// Ids of the slot 3: generations 0, 2, 3 (which it has), 4.
ipc(SENDREC, SERVER, [0, -1, -1, 0, -1], 13, RESULT | word(2) | word(3) | word(4) | word(5));

line = "K28";
store(RANGE, ioRange.encode({ base: 0x100000, limit: 0x1fffff }));
call(4, [SELF, 6, 0, 0, 0, RANGE], [0]);
for (const [start, length, expected] of [[0x100000, 0x100000, 0], [0x100000, 0x100001, -1], [0xfffff, 2, -1], [0x1fffff, 1, 0], [0x150000, 0, -1], [0xfffff000, 0x2000, -1]] as const) {
  call(4, [SELF, 8, 0, start, length, 0], [expected]);
}

line = "K29";
for (const [source, target, expected] of [[NO_ENDPOINT, SERVER, -22], [SERVER, NO_ENDPOINT, -22], [SYSTEM, SERVER, -22], [SERVER, SERVER, -22], [PM, SERVER, -16], [SERVER, PM, -16]] as const) call(52, [source, target], [expected]);

line = "K30";
for (const request of [1, 3, 4, 10]) call(4, [SERVER, request], [-1]); // it is not held
for (const [process, request, expected] of [[SERVER, 0, -22], [SERVER, 11, -22], [NO_ENDPOINT, 2, -22], [SYSTEM, 2, -22], [SELF, 9, -22]] as const) call(4, [process, request], [expected]);
call(4, [SELF, 5, 0, 0, 0, BAD], [-14]);
store(RANGE, ioRange.encode({ base: 0x70, limit: 0x72 }));
call(4, [SELF, 5, 0, 0, 0, RANGE], [0]);
for (const [port, width, expected] of [[0x71, DIO_BYTE, 0], [0x70, DIO_WORD, 0], [0x71, DIO_WORD, -1], [0x72, DIO_WORD, -1], [0x6f, DIO_BYTE, -1], [0x73, DIO_BYTE, -1], [0x70, 0, -22]] as const) {
  call(21, [0, 0, DIO_INPUT | width, port], [expected]);
}
call(21, [0, 0, 0x13, 0x70], [-22]);
call(23, [0, 0, DIO_INPUT | DIO_BYTE, 0, 17, BUFFER], [-7]);
call(23, [0, 0, DIO_INPUT | DIO_BYTE, 0, 0, BUFFER], [-22]);

line = "K31";
call(24, [0, 0, 0, 100], [0, 0], RESULT | word(5));
call(24, [0, 0, 0, 0], [0, 100], RESULT | word(5));
for (const [process, signal, expected] of [[NO_ENDPOINT, 9, -22], [SERVER, 26, -22], [SYSTEM, 9, -1]] as const) call(6, [process, signal], [expected]);
call(7, [], [0, NONE], RESULT | word(2));
call(8, [NO_ENDPOINT], [-22]);
call(8, [SERVER], [-1]);
for (const [process, action, expected] of [[NO_ENDPOINT, 0, -22], [SYSTEM, 0, -1], [SERVER, 2, -22], [SERVER, 1, -22], [SERVER, 0, 0], [SERVER, 1, 0]] as const) call(46, [process, action], [expected]);
call(45, [3, 0, 0, 0, SELF], [-22]);
call(45, [1, 0, 0, 0, NO_ENDPOINT], [-22]);
call(45, [1, 1, 0, 50, SELF], [0, 0], RESULT | word(5));
call(45, [1, 1, 0, 0, SELF], [0, 50], RESULT | word(5));
for (const [request, irq, hook, expected] of [[1, 16, 0, -22], [1, 0, 0, -22], [1, 5, 32, -22], [2, 0, 0, -22], [9, 5, 1, -22]] as const) call(19, [request | (irq << 16), 0, 0, 0, 0, hook], [expected]);
call(19, [1 | (5 << 16), 0, 0, 0, 0, 7], [0, 1], RESULT | word(7));
for (const request of [3, 4, 2]) call(19, [request, 0, 0, 0, 0, 1], [0]);
call(19, [3, 0, 0, 0, 0, 1], [-22]);
call(55, [0, 99], [-22]);

line = "K32";
store(BUFFER, Uint8Array.from("kconform\n", (letter) => letter.charCodeAt(0)));
for (const [code, length, buffer, expected] of [[1, 9, BUFFER, 0], [1, 0, BUFFER, -22], [1, 2001, BUFFER, -22], [1, 9, BAD, -14], [2, NO_ENDPOINT, 0, -22], [2, SERVER, 0, 0], [3, 0, 0, -22]] as const) call(44, [code, length, 0, buffer], [expected]);

/** All steps, in their order. */
export const script: readonly Step[] = steps;

/** What each step takes in memory of the guest: op, a, b, buffer, notes, and up to 14 words, their count first. */
export const STEP_WORDS = 20;
/** The script as the guest has it. */
export function scriptWords(): number[] {
  return script.flatMap(({ op, a, b, buffer, words, notes }) => {
    const start = [["end", "ipc", "call", "store", "load"].indexOf(op), a, b, buffer, notes, words.length];
    return [...start, ...words, ...Array.from({ length: STEP_WORDS - start.length - words.length }, () => 0)];
  });
}
