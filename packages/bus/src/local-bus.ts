import { enterInstance, newFrame, type Frame, type Instance, type Program, type ServiceImage } from "@procyon-os/message";
import type { Bus, Port, PortEvent } from "./port.ts";
import { nameOf, reportOf, takeTrap } from "./program-step.ts";

/** Runs the service in this thread: a resume is a generator's `next`. Deterministic, and the fastest there is. */
export const localBus: Bus = {
  name: "local",
  spawn: (image, args) => new LocalPort(image, args),
};

const NO_FRAME = null as unknown as Frame; // the first `next` of a generator ignores its argument

class LocalPort implements Port {
  private readonly instance: Instance;
  private program: Program<unknown> | null = null;
  private closed = false;
  private readonly trapped: { kind: "trap"; frame: Frame } = { kind: "trap", frame: newFrame(0) }; // one for all: a trap comes by the million

  constructor(image: ServiceImage, args: readonly string[]) {
    this.instance = { image, args, values: new Map() };
  }

  resume(answer: Frame | null): PortEvent {
    if (this.closed) throw new Error(`resume of a closed port (${this.instance.image.name})`);
    enterInstance(this.instance);
    try {
      this.program ??= this.begin();
      const step = this.program.next(answer ?? NO_FRAME);
      if (step.done === true) return { kind: "exit" };
      const wrong = takeTrap(step.value, this.trapped.frame);
      return wrong === null ? this.trapped : { kind: "crash", report: wrong };
    } catch (error) {
      return { kind: "crash", report: reportOf(error) };
    }
  }

  private begin(): Program<unknown> {
    const program: unknown = this.instance.image.main(this.instance.args);
    if (typeof (program as Program | null | undefined)?.next === "function") return program as Program<unknown>;
    throw new TypeError(`its main gives ${nameOf(program)} where a generator of traps is wanted`);
  }

  close(): void {
    this.closed = true; // not program.return(): a `finally` of the service must not run after its death
    this.program = null;
  }
}
