import { fail, ok, replacementProblems, type ContractReference, type Program, type Result, type ServiceImage, type VirtAddr } from "@procyon-os/message";
import { elfProvides, kernel, printf, scratchBytes, textBytes } from "@procyon-os/syslib";
import type { LoadedProgram, Service } from "./service.ts";

const lines = (provides: readonly ContractReference[]): Uint8Array => textBytes(provides.map(({ name, version }) => `${name} ${version}\n`).join(""));
const programThat = (provides: readonly ContractReference[]): ServiceImage => ({ name: "", version: "", dataBytes: 0, stackBytes: 0, provides, *main() {} });

/**
 * Whether a program can take the place of what a service runs. Comes before anything else of an update; it changes nothing.
 * An ELF program that names no contract may replace anything and be replaced by anything: nothing is known of it.
 */
export function* checkContract(service: Service, program: LoadedProgram): Program<Result<unknown>> {
  const { endpoint: process, provides } = service;
  if (program.kind === "hosted") {
    const name = textBytes(program.reference);
    const declared = lines(provides);
    const reference = yield* scratchBytes(Uint8Array.from([...name, ...declared]));
    return yield* kernel.checkHosted({
      process, reference, referenceBytes: name.length, declared: (reference + name.length) as VirtAddr, declaredBytes: declared.length,
    });
  }
  const offered = elfProvides(program.image);
  if (offered.length === 0) return ok(null);
  if (provides.length === 0) {
    const declared = lines(offered);
    return yield* kernel.checkHosted({ process, reference: 0 as VirtAddr, referenceBytes: 0, declared: yield* scratchBytes(declared), declaredBytes: declared.length });
  }
  const problems = replacementProblems(programThat(provides), programThat(offered));
  for (const problem of problems) yield* printf(`RS: ${service.label}: ${problem}\n`);
  return problems.length === 0 ? ok(null) : fail("EOPNOTSUPP");
}
