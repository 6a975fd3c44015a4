declare const brand: unique symbol;

/** A number that only one kind of thing may stand for: an endpoint is not a grant id, and the compiler knows. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Identifies one life of a process slot; see `endpoint.ts`. */
export type Endpoint = Brand<number, "endpoint">;
/** Index into the grant table of the process that made the grant; negative is invalid. */
export type GrantId = Brand<number, "grant">;
/** Clock ticks; `HZ` of them make a second. */
export type Ticks = Brand<number, "ticks">;
/** An address in physical memory, in bytes, unsigned. */
export type PhysAddr = Brand<number, "phys">;
/** An address as a process sees it: an offset in its data segment, in bytes, unsigned. */
export type VirtAddr = Brand<number, "virt">;
