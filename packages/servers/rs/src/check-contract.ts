import { ok, type Program, type Result } from "@procyon-os/message";
import { kernel, scratchBytes, textBytes } from "@procyon-os/syslib";
import type { Service, ServiceProgram } from "./service.ts";

/** Whether a program can take the place of what a service runs. Comes before anything else of an update; it changes nothing. */
export function* checkContract(service: Service, program: ServiceProgram): Program<Result<unknown>> {
  if (program.kind === "elf") return ok(null); // nothing is known of its contract
  const name = textBytes(program.reference);
  return yield* kernel.checkHosted({ process: service.endpoint, reference: yield* scratchBytes(name), referenceBytes: name.length });
}
