export { ds } from "./main.ts";
export { checkStore } from "./store.ts";
export type { Entry, Store, Subscription } from "./store.ts";
