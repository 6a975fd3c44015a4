import { ANY, RECEIVE, RS, SEND, VM, newMessage, type Program } from "@procyon-os/message";
import type { Kernel } from "../kernel.ts";
import type { BootModule, KernelOptions } from "../options.ts";
import { FakeVm } from "./fake-vm.ts";
import { hostedModule, ipc, machine, release, type TestMachine } from "./machine.ts";

export interface Setup {
  readonly vm: FakeVm;
  readonly test: TestMachine;
}

export interface PagedOptions extends Partial<KernelOptions> {
  readonly cpuCount?: number;
  readonly memoryBytes?: number;
  readonly cycles?: number;
  /** What VM does in place of answering for ever. */
  readonly serve?: (vm: FakeVm) => Program<unknown>;
}

/** VM turns paging on and does `prepare`; then the others run, and `then` is RS's part. */
export function paged(others: readonly BootModule[], prepare: (vm: FakeVm) => Program<void>, then: (vm: FakeVm) => Program<unknown>, options: PagedOptions = {}): Setup {
  const { cycles = 5e7, serve, ...rest } = options;
  let kernel: Kernel | null = null;
  const vm = new FakeVm(() => kernel as Kernel);
  const vmModule = hostedModule(VM, "vm", function* () {
    yield* vm.start();
    yield* prepare(vm);
    yield* ipc(SEND, RS, newMessage(1));
    yield* serve === undefined ? vm.serve() : serve(vm);
  });
  const rs = hostedModule(RS, "rs", function* () {
    yield* release(VM, { flags: 0x210 });
    yield* ipc(RECEIVE, VM);
    for (const { slot } of others) yield* release(slot);
    yield* then(vm);
    for (;;) yield* ipc(RECEIVE, ANY);
  });
  const test = machine([rs, vmModule, ...others], rest);
  kernel = test.kernel;
  const result = test.run(cycles);
  if (result.kind === "panic" || result.kind === "halted") throw new Error(test.printed.join(""));
  kernel.check();
  return { vm, test };
}
