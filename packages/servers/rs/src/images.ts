import { instances, type RsState } from "./rs-state.ts";
import { commandWords, type LoadedProgram, type Service, type ServiceProgram } from "./service.ts";

/** Keeps a program in memory, and gives what an entry has of it. */
export function keepProgram(state: RsState, program: LoadedProgram): ServiceProgram {
  if (program.kind === "hosted") return program;
  for (const [key, bytes] of state.images) if (bytes === program.image) return { kind: "elf", image: key };
  const key = Math.max(0, ...state.images.keys()) + 1;
  state.images.set(key, program.image);
  return { kind: "elf", image: key };
}

/** The program of an entry, with its bytes; null where they are not in memory. */
export function programInMemory(state: RsState, { program }: Service): LoadedProgram | null {
  if (program === null || program.kind === "hosted") return program;
  const image = state.images.get(program.image);
  return image === undefined ? null : { kind: "elf", image };
}

/** What another service that runs the same file has of it in memory (-r); null where none has. */
export function sharedProgram(state: RsState, service: Service): ServiceProgram | null {
  const [path] = commandWords(service.command);
  return instances(state).find((one) => one !== service && one.program?.kind === "elf" && commandWords(one.command)[0] === path)?.program ?? null;
}

/** Forgets programs that no entry has any more. */
export function forgetImages(state: RsState): void {
  const used = new Set(instances(state).map(({ program }) => (program?.kind === "elf" ? program.image : 0)));
  for (const key of [...state.images.keys()]) if (!used.has(key)) state.images.delete(key);
}
