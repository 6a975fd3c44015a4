export { localBus } from "./local-bus.ts";
export type { Bus, Port, PortEvent } from "./port.ts";
