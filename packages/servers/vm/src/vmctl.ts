import { kernelContract } from "@procyon-os/contract-kernel";
import { messageType, newMessage, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { kernelCall } from "@procyon-os/syslib";

const SYS_VMCTL: number = kernelContract.base + kernelContract.calls.vmctl.number;

/** VMCTL with the whole reply: its fields depend on the parameter. */
export function* vmctlMessage(process: Endpoint, parameter: number, value: number, address: number): Program<Message> {
  const message = newMessage(SYS_VMCTL);
  message[2] = process;
  message[3] = parameter;
  message[4] = value;
  message[5] = address;
  return yield* kernelCall(message);
}

/** VMCTL: gives the result, 0 or a negative error (reference/kernel.md 3.6). */
export function* vmctl(process: Endpoint, parameter: number, value = 0, address = 0): Program<number> {
  return messageType(yield* vmctlMessage(process, parameter, value, address));
}
