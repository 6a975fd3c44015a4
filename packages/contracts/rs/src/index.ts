export { DRV_FORCED, RPROCPUB_BYTES, SF_CORE_SRV, SF_NEED_COPY, SF_NEED_REPL, SF_SYNCH_BOOT, SF_USE_COPY, SF_USE_REPL, STYLE_CLONE, STYLE_CLONE_A, STYLE_CTTY, STYLE_DEV, STYLE_DEVA, STYLE_NDEV, STYLE_TTY, decodeRprocPub, encodeRprocPub } from "./rproc-pub.ts";
export type { RprocPub } from "./rproc-pub.ts";
export { RPROC_TABLE_BYTES, RS_ACTIVE, RS_EXITING, RS_IN_USE, RS_NOPINGREPLY, RS_UPDATING, rprocInfo } from "./rproc-info.ts";
export type { RprocInfo } from "./rproc-info.ts";
export { COMMON_GETSYSINFO, RS_INIT, RS_LU_PREPARE, SEF_INIT_FRESH, SEF_INIT_LU, SEF_INIT_RESTART, SI_PROCPUB_TAB, SI_PROC_TAB, getSysInfoCall, rsContract } from "./rs-contract.ts";
export { RSS_COPY, RSS_IO_ALL, RSS_IPC_ALL, RSS_IPC_ALL_SYS, RSS_IRQ_ALL, RSS_NOBLOCK, RSS_NR_IO, RSS_NR_IRQ, RSS_REPLICA, RSS_REUSE, RSS_SELF_LU, RSS_SYS_BASIC_CALLS, RSS_VM_BASIC_CALLS, RS_MAX_LABEL_LEN, RS_NR_CONTROL, RS_START_BYTES, controlCount, decodeRsStart, encodeRsStart } from "./rs-start.ts";
export type { RsStart, TextPlace } from "./rs-start.ts";
