export { dumpKey, isContract } from "./is-contract.ts";
