import { brk, pushSig } from "./calls/brk.ts";
import { adddma, deldma, getdma } from "./calls/dma.ts";
import { execNewmem } from "./calls/exec-newmem.ts";
import { exit, willexit } from "./calls/exit.ts";
import { notifySig, queryExit, watchExit } from "./calls/exit-watch.ts";
import { fork } from "./calls/fork.ts";
import { info } from "./calls/info.ts";
import { mapPhys, unmapPhys } from "./calls/map-phys.ts";
import { mmap, munmap, munmapText } from "./calls/mmap.ts";
import { getphys, getref, remap, remapRo, shmUnmap } from "./calls/remap.ts";
import { rsSetPriv, rsUpdate } from "./calls/rs-calls.ts";
import { rsMemctl } from "./calls/rs-memctl.ts";
import { forgetblock, forgetblocks, yieldblockgetblock } from "./calls/yield-block.ts";
import type { VmHandlers } from "./handlers.ts";

/** Every call of the contract, once. */
export const callTable: VmHandlers = {
  exit, fork, brk, execNewmem, pushSig, willexit, mmap, adddma, deldma, getdma, mapPhys, unmapPhys, munmap, munmapText, forgetblocks,
  forgetblock, yieldblockgetblock, remap, shmUnmap, getphys, getref, rsSetPriv, queryExit, notifySig, info, rsUpdate, rsMemctl, watchExit,
  remapRo,
};
