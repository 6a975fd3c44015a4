export { FKEY_CONTROL, FKEY_EVENTS, FKEY_MAP, FKEY_UNMAP, NR_FKEYS, keyBit, ttyContract } from "./tty-contract.ts";
