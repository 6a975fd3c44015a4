import { VM_RS_MEM_FOLLOW } from "@procyon-os/contract-vm";
import { instanceLocal, RS, type Program } from "@procyon-os/message";
import { mapMemory, printf, setMoreMemory, vm } from "@procyon-os/syslib";
import { vmCall } from "./servers.ts";

const PAGE = 4096;
const told = instanceLocal<{ vm: boolean }>("rs place", () => ({ vm: false }));
const follow = { process: RS, request: VM_RS_MEM_FOLLOW } as const;

/** Tells VM that this instance has RS's place now, since the kernel alone has made the swap. Runs in a task. */
export function* tellVm(): Program<void> {
  if (told().vm) return;
  const heard = yield* vmCall("rsMemctl", follow);
  if (!heard.ok) yield* printf(`RS: VM does not follow: ${heard.error}\n`);
  told().vm = true;
}

/** Lets RS have more memory where its own is full. VM must have heard of the swap before: then RS has to wait for it. */
export function useMoreMemory(): void {
  setMoreMemory(function* (bytes) {
    if (!told().vm) yield* vm.rsMemctl(follow);
    told().vm = true;
    const length = Math.ceil(bytes / PAGE) * PAGE;
    const address = yield* mapMemory(length);
    return address === null ? null : { address, length };
  });
}
