import type { Geometry } from "./ata-identify.ts";

/** A register of the command block: LBA48 sees two writes of it. */
export interface DoubleByte {
  readonly current: number;
  readonly previous: number;
}

/** What each drive keeps. */
export interface AtaDriveState {
  readonly status: number; // without BSY, which is the channel's `due`
  readonly error: number;
  readonly multiple: number; // sectors a block of the MULTIPLE commands; 0 not set
  readonly geometry: Geometry;
}

/** A data transfer that runs. */
export interface AtaTransfer {
  readonly direction: "in" | "out";
  readonly sector: number; // the first of the block in the buffer
  readonly sectorsLeft: number; // this block's among them
  readonly blockSectors: number;
  readonly extended: boolean; // LBA48
}

/** What happens when the drive's time is over. */
export type AtaDue =
  | { readonly kind: "ready" } // the command is complete
  | { readonly kind: "block" } // a block can be transferred
  | { readonly kind: "written" } // the host's block is on the medium
  | { readonly kind: "fail"; readonly error: number }
  | { readonly kind: "reset"; readonly interrupt: boolean };

/** All there is to know of a channel and its drives; `buffer` is changed in place by the data port. */
export interface AtaState {
  readonly features: DoubleByte;
  readonly count: DoubleByte;
  readonly lbaLow: DoubleByte;
  readonly lbaMid: DoubleByte;
  readonly lbaHigh: DoubleByte;
  readonly device: number;
  readonly control: number;
  readonly interrupt: boolean; // INTRQ, whatever nIEN says
  readonly drives: readonly AtaDriveState[];
  readonly transfer: AtaTransfer | null;
  readonly due: { readonly what: AtaDue; readonly at: number } | null;
  readonly buffer: Uint8Array;
  readonly bufferAt: number;
}
