// ATA/ATAPI-6 (T13 1410D): the command block and its bits.
export const DATA = 0;
export const ERROR = 1; // read
export const FEATURES = 1; // write
export const COUNT = 2;
export const LBA_LOW = 3;
export const LBA_MID = 4;
export const LBA_HIGH = 5;
export const DEVICE = 6;
export const STATUS = 7; // read
export const COMMAND = 7; // write

export const BSY = 0x80;
export const DRDY = 0x40;
export const DF = 0x20;
export const DSC = 0x10;
export const DRQ = 0x08;
export const ERR = 0x01;

export const ERROR_ABORTED = 0x04;
export const ERROR_ID_NOT_FOUND = 0x10;
export const ERROR_UNCORRECTABLE = 0x40;

export const DEVICE_LBA = 0x40;
export const DEVICE_SECOND = 0x10;

export const CONTROL_NO_IRQ = 0x02;
export const CONTROL_RESET = 0x04;
export const CONTROL_HIGH_ORDER = 0x80;

export const MAX_MULTIPLE = 16;
