import { ANY, IPC_VECTOR, RECEIVE, VFS, type Frame, type Program, type ServiceImage } from "@procyon-os/message";
import { client, tickDelay } from "@procyon-os/syslib";
import { vfsContract } from "@procyon-os/contract-vfs";
import type { Machine } from "./machine.ts";

/** Programs that a service runs beside its own, in its name, when it next waits for anybody. */
export type Errands = (() => Program<void>)[];

/** A service that runs errands. What it does itself stays as it is: nobody else hears from it meanwhile. */
export function withErrands(image: ServiceImage, errands: Errands): ServiceImage {
  return {
    ...image,
    *main(args): Program<unknown> {
      const program = image.main(args);
      let step = program.next();
      while (step.done !== true) {
        const { vector, ecx, eax } = step.value;
        if (vector === IPC_VECTOR && ecx === RECEIVE && eax === ANY) for (let errand = errands.shift(); errand !== undefined; errand = errands.shift()) yield* errand();
        step = program.next((yield step.value) as Frame);
      }
      return step.value;
    },
  };
}

const TICKS_OF_REST = 20;
const SECONDS = 5;

/** Runs a program in the name of VFS, while nobody wants anything of it. Throws where it does not end: VFS stands still then. */
export function actAsVfs(machine: Machine, errands: Errands, program: () => Program<void>): void {
  let ended = false;
  errands.push(function* () {
    yield* program();
    ended = true;
  });
  machine.act(function* () {
    yield* tickDelay(TICKS_OF_REST); // until the shell is idle again
    yield* client(vfsContract, VFS).umask({ mask: 0o022 });
  }, { seconds: SECONDS });
  if (!ended) throw new Error("VFS has not run the errand");
}
