// The MMU's view of page tables, written from the manual and not from VM: an independent judge.
// Intel 80386 manual, "Page Translation"; Pentium, "4 MB pages".

export interface Walked {
  readonly physical: number;
  readonly writable: boolean;
  readonly user: boolean;
}

/** Translates a linear address; null where a level is not present. */
export function walk(memory: DataView, cr3: number, linear: number): Walked | null {
  const directoryEntry = memory.getUint32(cr3 + (linear >>> 22) * 4, true);
  if ((directoryEntry & 1) === 0) return null;
  if ((directoryEntry & 0x80) !== 0) {
    return {
      physical: ((directoryEntry & 0xffc00000) >>> 0) + (linear & 0x3fffff),
      writable: (directoryEntry & 2) !== 0, user: (directoryEntry & 4) !== 0,
    };
  }
  const pageEntry = memory.getUint32(((directoryEntry & 0xfffff000) >>> 0) + ((linear >>> 12) & 0x3ff) * 4, true);
  if ((pageEntry & 1) === 0) return null;
  return {
    physical: ((pageEntry & 0xfffff000) >>> 0) + (linear & 0xfff),
    writable: (directoryEntry & pageEntry & 2) !== 0, user: (directoryEntry & pageEntry & 4) !== 0,
  };
}
