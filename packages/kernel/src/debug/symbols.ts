/** A function of a program. */
interface FunctionSymbol {
  readonly start: number;
  readonly end: number; // the address behind it; its start where the file does not say
  readonly name: string;
}

const MAGIC = 0x464c457f;
const CLASS_32_LITTLE = 0x0101;
const HEADER_BYTES = 52;
const SECTION_HEADER_BYTES = 40;
const SYMBOL_BYTES = 16;
const SHT_SYMTAB = 2;
const SHF_EXECINSTR = 4;
const STT_NOTYPE = 0; // labels of assembly code
const STT_FUNC = 2;
const MAX_NAME = 64;

/** The functions of a program by address, as the symbol table of its ELF file has them. */
export class SymbolTable {
  private readonly functions: readonly FunctionSymbol[]; // by start; one at each

  constructor(functions: readonly FunctionSymbol[]) {
    const byStart = functions.toSorted((one, other) => one.start - other.start || other.end - one.end);
    this.functions = byStart.filter(({ start }, index) => start !== byStart[index - 1]?.start);
  }

  /**
   * `name+0xoff` of the function that an address lies in; null where it lies in none. A return address is looked up by the call
   * before it: after a call that never comes back it lies behind the function.
   */
  lookup(address: number, isReturn = false): string | null {
    const wanted = isReturn ? address - 1 : address;
    let low = 0;
    let high = this.functions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.functions[middle] as FunctionSymbol).start <= wanted) low = middle + 1;
      else high = middle;
    }
    const found = this.functions[low - 1];
    if (found === undefined || (found.end !== found.start && wanted >= found.end)) return null;
    return `${found.name}+0x${(address - found.start).toString(16)}`;
  }
}

/** Reads .symtab and .strtab of an ELF32 file; null where there are none, or what is there makes no sense. */
export function readSymbols(file: Uint8Array): SymbolTable | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC || view.getUint16(4, true) !== CLASS_32_LITTLE) return null;
  const sectionsAt = view.getUint32(32, true);
  const count = view.getUint16(48, true);
  if (view.getUint16(46, true) !== SECTION_HEADER_BYTES || sectionsAt + count * SECTION_HEADER_BYTES > file.length) return null;
  const section = (index: number, word: number): number => view.getUint32(sectionsAt + index * SECTION_HEADER_BYTES + word * 4, true);
  const isCode = (index: number): boolean => index > 0 && index < count && (section(index, 2) & SHF_EXECINSTR) !== 0;

  for (let index = 0; index < count; index++) {
    const names = section(index, 6);
    if (section(index, 1) !== SHT_SYMTAB || names >= count) continue;
    const at = section(index, 4);
    const bytes = section(index, 5);
    const strings = file.subarray(section(names, 4), section(names, 4) + section(names, 5));
    if (at + bytes > file.length) return null;
    const functions = readFunctions(view, at, Math.floor(bytes / SYMBOL_BYTES), strings, isCode);
    return functions.length === 0 ? null : new SymbolTable(functions);
  }
  return null;
}

function readFunctions(view: DataView, table: number, count: number, strings: Uint8Array, isCode: (section: number) => boolean): FunctionSymbol[] {
  const functions: FunctionSymbol[] = [];
  for (let at = table; at < table + count * SYMBOL_BYTES; at += SYMBOL_BYTES) {
    const type = view.getUint8(at + 12) & 0xf;
    if ((type !== STT_FUNC && type !== STT_NOTYPE) || !isCode(view.getUint16(at + 14, true))) continue;
    const name = nameAt(strings, view.getUint32(at, true));
    const start = view.getUint32(at + 4, true);
    if (name !== "") functions.push({ start, end: start + view.getUint32(at + 8, true), name });
  }
  return functions;
}

/** A name as it may be printed: what is no letter of a name is a question mark. */
function nameAt(strings: Uint8Array, offset: number): string {
  let name = "";
  for (let at = offset; at < strings.length && strings[at] !== 0 && name.length < MAX_NAME; at++) {
    const byte = strings[at] as number;
    name += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "?";
  }
  return name;
}
