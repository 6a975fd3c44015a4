import type { Endpoint } from "@procyon-os/message";

// struct rs_start, 528 bytes: include/minix/rs.h of MINIX 3.2.0, i386 layout.
export const RS_START_BYTES = 528;

export const RSS_NR_IRQ = 16;
export const RSS_NR_IO = 16;
/** Counts that mean "every line" and "every port". */
export const RSS_IRQ_ALL = 17;
export const RSS_IO_ALL = 17;
export const RSS_IPC_ALL = "IPC_ALL";
export const RSS_IPC_ALL_SYS = "IPC_ALL_SYS";
export const RS_NR_CONTROL = 8;
/** Bytes of a label with its NUL. */
export const RS_MAX_LABEL_LEN = 16;

export const RSS_COPY = 0x01;
export const RSS_REUSE = 0x04;
export const RSS_NOBLOCK = 0x08;
export const RSS_REPLICA = 0x10;
export const RSS_SELF_LU = 0x20;
export const RSS_SYS_BASIC_CALLS = 0x40;
export const RSS_VM_BASIC_CALLS = 0x80;

/** Where a string of the request lies in the caller's memory. */
export interface TextPlace {
  readonly address: number;
  readonly length: number;
}

/** What `service up` asks for. */
export interface RsStart {
  readonly flags: number;
  readonly command: TextPlace; // @4
  readonly uid: number; // @12
  readonly signalManager: Endpoint; // @16
  readonly scheduler: Endpoint; // @20
  readonly priority: number; // @24
  readonly quantum: number; // @28, ms
  readonly major: number; // @32
  readonly deviceStyle: number; // @36
  readonly period: number; // @40, ticks
  readonly script: TextPlace; // @44
  readonly irqCount: number; // @52; RSS_IRQ_ALL for all
  readonly irqs: readonly number[]; // @56
  readonly ioCount: number; // @120; RSS_IO_ALL for all
  readonly io: readonly { readonly base: number; readonly length: number }[]; // @124
  readonly kernelCalls: readonly [number, number]; // @420
  readonly label: TextPlace; // @428
  readonly ipc: TextPlace; // @436
  readonly vmCalls: readonly [number, number]; // @444
  readonly control: readonly TextPlace[]; // count @452, @456
  readonly cpu: number; // @524
}

/** How many programs a struct rs_start says that the service may control; `control` has at most RS_NR_CONTROL of them. */
export function controlCount(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, RS_START_BYTES).getInt32(452, true);
}

/** Reads a struct rs_start of 528 bytes. Counts are given as they stand; whoever uses them checks them. */
export function decodeRsStart(bytes: Uint8Array): RsStart {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RS_START_BYTES);
  const int = (offset: number): number => view.getInt32(offset, true);
  const word = (offset: number): number => view.getUint32(offset, true);
  const place = (offset: number): TextPlace => ({ address: word(offset), length: word(offset + 4) });
  const list = <T>(count: number, most: number, item: (index: number) => T): T[] =>
    Array.from({ length: Math.max(0, Math.min(count, most)) }, (_, index) => item(index));
  return {
    flags: word(0),
    command: place(4),
    uid: int(12),
    signalManager: int(16) as Endpoint,
    scheduler: int(20) as Endpoint,
    priority: int(24),
    quantum: int(28),
    major: int(32),
    deviceStyle: int(36),
    period: int(40),
    script: place(44),
    irqCount: int(52),
    irqs: list(int(52), RSS_NR_IRQ, (i) => int(56 + i * 4)),
    ioCount: int(120),
    io: list(int(120), RSS_NR_IO, (i) => ({ base: word(124 + i * 8), length: word(128 + i * 8) })),
    kernelCalls: [int(420), int(424)],
    label: place(428),
    ipc: place(436),
    vmCalls: [int(444), int(448)],
    control: list(int(452), RS_NR_CONTROL, (i) => place(456 + i * 8)),
    cpu: int(524),
  };
}

/** Writes a struct rs_start; PCI and devman fields are zero. */
export function encodeRsStart(start: RsStart): Uint8Array {
  const bytes = new Uint8Array(RS_START_BYTES);
  const view = new DataView(bytes.buffer);
  const int = (offset: number, value: number): void => view.setInt32(offset, value, true);
  const place = (offset: number, value: TextPlace): void => {
    int(offset, value.address);
    int(offset + 4, value.length);
  };
  int(0, start.flags);
  place(4, start.command);
  int(12, start.uid);
  int(16, start.signalManager);
  int(20, start.scheduler);
  int(24, start.priority);
  int(28, start.quantum);
  int(32, start.major);
  int(36, start.deviceStyle);
  int(40, start.period);
  place(44, start.script);
  int(52, start.irqCount);
  start.irqs.forEach((irq, i) => int(56 + i * 4, irq));
  int(120, start.ioCount);
  start.io.forEach(({ base, length }, i) => {
    int(124 + i * 8, base);
    int(128 + i * 8, length);
  });
  start.kernelCalls.forEach((mask, i) => int(420 + i * 4, mask));
  place(428, start.label);
  place(436, start.ipc);
  start.vmCalls.forEach((mask, i) => int(444 + i * 4, mask));
  int(452, start.control.length);
  start.control.forEach((one, i) => place(456 + i * 8, one));
  int(524, start.cpu);
  return bytes;
}
