import type { Endpoint } from "@procyon-os/message";

// What SI_PROC_TAB of PM copies: 256 records, one a slot. The guest's `ps` reads the same bytes:
//
//   struct proc_info {      /* 64 bytes */
//     uint32_t in_use;      /*  0: 1 where the slot holds a process; else the record is zero */
//     int32_t  endpoint;    /*  4 */
//     int32_t  pid;         /*  8 */
//     int32_t  ppid;        /* 12 */
//     int32_t  pgrp;        /* 16 */
//     uint32_t uid;         /* 20: real */
//     uint32_t euid;        /* 24: effective */
//     uint32_t state;       /* 28: low byte 'R' 'S' 'T' 'Z'; PROC_INFO_SYSTEM 0x100, PROC_INFO_HOSTED 0x200 */
//     int32_t  nice;        /* 32: -20..20 */
//     uint32_t utime;       /* 36: ticks in user mode */
//     uint32_t stime;       /* 40: ticks in system mode */
//     uint32_t tracer;      /* 44: pid of the tracer, 0 where there is none */
//     char     name[16];    /* 48: ended by a NUL */
//   };
export const PROC_INFO_BYTES = 64;
/** Records in a table. */
export const PROC_INFO_RECORDS = 256;
/** Bytes of a whole table: the size that a caller has to give. */
export const PROC_INFO_TABLE_BYTES: number = PROC_INFO_BYTES * PROC_INFO_RECORDS;
/** In `state`: a system process. */
export const PROC_INFO_SYSTEM = 0x100;
/** In `state`: a hosted process. */
export const PROC_INFO_HOSTED = 0x200;
/** The table of PM that GETSYSINFO gives. */
export const SI_PROC_TAB = 2;

/** One process as `ps` sees it. */
export interface ProcInfo {
  readonly inUse: boolean;
  readonly endpoint: Endpoint;
  readonly pid: number;
  readonly ppid: number;
  readonly pgrp: number;
  readonly uid: number;
  readonly euid: number;
  readonly state: "R" | "S" | "T" | "Z";
  readonly system: boolean;
  readonly hosted: boolean;
  readonly nice: number;
  readonly utime: number; // ticks
  readonly stime: number; // ticks
  readonly tracer: number; // pid or 0
  readonly name: string;
}

const NAME = 48;
const NAME_BYTES = 16;

/** Writes one record into a table at a byte offset. */
export function encodeProcInfo(one: ProcInfo, table: Uint8Array, offset: number): void {
  const view = new DataView(table.buffer, table.byteOffset + offset, PROC_INFO_BYTES);
  const state = one.state.charCodeAt(0) | (one.system ? PROC_INFO_SYSTEM : 0) | (one.hosted ? PROC_INFO_HOSTED : 0);
  const words = [
    one.inUse ? 1 : 0, one.endpoint, one.pid, one.ppid, one.pgrp, one.uid, one.euid, state, one.nice, one.utime, one.stime, one.tracer,
  ];
  words.forEach((word, index) => view.setInt32(index * 4, word, true));
  for (let i = 0; i < NAME_BYTES; i++) view.setUint8(NAME + i, i < Math.min(one.name.length, NAME_BYTES - 1) ? one.name.charCodeAt(i) : 0);
}

/** Reads one record of a table. */
export function decodeProcInfo(table: Uint8Array, offset: number): ProcInfo {
  const view = new DataView(table.buffer, table.byteOffset + offset, PROC_INFO_BYTES);
  const word = (index: number): number => view.getInt32(index * 4, true);
  let name = "";
  for (let i = NAME; i < PROC_INFO_BYTES && view.getUint8(i) !== 0; i++) name += String.fromCharCode(view.getUint8(i));
  const state = word(7);
  return {
    inUse: word(0) !== 0, endpoint: word(1) as Endpoint, pid: word(2), ppid: word(3), pgrp: word(4), uid: word(5) >>> 0, euid: word(6) >>> 0,
    state: String.fromCharCode(state & 0xff) as ProcInfo["state"], system: (state & PROC_INFO_SYSTEM) !== 0,
    hosted: (state & PROC_INFO_HOSTED) !== 0, nice: word(8), utime: word(9) >>> 0, stime: word(10) >>> 0, tracer: word(11), name,
  };
}
