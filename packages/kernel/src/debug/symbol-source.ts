import type { BootModule } from "../options.ts";
import type { Process } from "../processes/process.ts";
import { readSymbols, type SymbolTable } from "./symbols.ts";

/** What somebody outside knows of a program by the name of its process: its symbols, or its ELF file. */
export type SymbolLookup = (processName: string) => SymbolTable | Uint8Array | null;

const FORKED = "*F";
const NAME_LETTERS = 7;

/** Where the kernel has names for addresses from: the ELF files of the boot image, and whoever made the kernel. */
export class SymbolSource {
  private readonly boot: ReadonlyMap<string, Uint8Array>;
  private readonly more: SymbolLookup | null;
  private readonly known = new WeakMap<Uint8Array, { readonly table: SymbolTable | null }>();

  constructor(modules: readonly BootModule[], more: SymbolLookup | null) {
    this.boot = new Map(modules.flatMap(({ name, program }) => (program.kind === "elf" ? [[name.slice(0, NAME_LETTERS), program.file] as const] : [])));
    this.more = more;
  }

  /** The symbols of the program that a process runs; null where nobody knows them. */
  of(process: Process): SymbolTable | null {
    const name = process.name.endsWith(FORKED) ? process.name.slice(0, -FORKED.length) : process.name;
    const given = this.more?.(name) ?? this.boot.get(name) ?? null;
    return given instanceof Uint8Array ? this.read(given) : given;
  }

  private read(file: Uint8Array): SymbolTable | null {
    let known = this.known.get(file);
    if (known === undefined) {
      known = { table: readSymbols(file) };
      this.known.set(file, known);
    }
    return known.table;
  }
}
