/** What a slab remembers of a record while checks are on. */
interface Guard {
  readonly slab: Slab<object>;
  writable: boolean;
  freed: boolean;
}

const guards = new WeakMap<object, Guard>();

/** How many records of a kind there are. */
export interface SlabCounts {
  readonly live: number;
  readonly made: number;
}

/**
 * Where VM's records of one kind come from and go to (V11). While checks are on a record is read-only but inside `use`, nobody may
 * touch one that was given back, and none is given back twice; otherwise a record is an ordinary object and this only counts.
 */
export class Slab<T extends object> {
  readonly name: string;
  readonly checked: boolean;
  live = 0;
  made = 0;

  constructor(name: string, checked: boolean) {
    this.name = name;
    this.checked = checked;
  }

  /** A record with these fields. */
  allocate(fields: T): T {
    this.live++;
    this.made++;
    if (!this.checked) return { ...fields };
    const guard: Guard = { slab: this as unknown as Slab<object>, writable: false, freed: false };
    const record = new Proxy<T>({ ...fields }, {
      get: (target, key, self) => (guard.freed ? this.refuse("read", "after it was freed") : Reflect.get(target, key, self)),
      set: (target, key, value) => {
        if (guard.freed) return this.refuse(`write of ${String(key)}`, "after it was freed");
        return guard.writable ? Reflect.set(target, key, value) : this.refuse(`write of ${String(key)}`, "outside use()");
      },
      deleteProperty: () => this.refuse("change", "of its shape"),
      defineProperty: (target, key, descriptor) => (guard.writable ? Reflect.defineProperty(target, key, descriptor) : this.refuse("change", "of its shape")),
    });
    guards.set(record, guard);
    return record;
  }

  /** Gives a record back. */
  free(record: T): void {
    const guard = guards.get(record);
    if (this.checked) {
      if (guard === undefined || guard.slab !== (this as unknown as Slab<object>)) this.refuse("free", "that is not of this slab");
      else if (guard.freed) this.refuse("free", "for the second time");
      else if (guard.writable) this.refuse("free", "inside use()");
      else guard.freed = true;
    }
    if (this.live === 0) this.refuse("free", "when none is in use");
    this.live--;
  }

  private refuse(what: string, why: string): never {
    throw new Error(`slab ${this.name}: ${what} of a record ${why}`);
  }
}

/** USE: the one place where a record may be written while checks are on. Not within another `use` of the same record. */
export function use<T extends object>(record: T, change: (record: T) => void): void {
  const guard = guards.get(record);
  if (guard === undefined) return change(record);
  if (guard.writable) throw new Error(`slab ${guard.slab.name}: use() within use() of one record`);
  guard.writable = true;
  try {
    change(record);
  } finally {
    guard.writable = false;
  }
}
