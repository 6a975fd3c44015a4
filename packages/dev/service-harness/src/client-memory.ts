import type { Endpoint, GrantId } from "@procyon-os/message";

/** The memory of the processes around the service: bytes behind grants, and bytes at addresses. */
export class ClientMemory {
  private readonly grants = new Map<string, Uint8Array>();
  private readonly spaces = new Map<Endpoint, Uint8Array>();
  private next = 0;

  /** A grant of `owner` over its own copy of these bytes (a text: Latin-1 with a NUL). */
  grant(owner: Endpoint, content: Uint8Array | string): GrantId {
    const bytes = typeof content === "string" ? Uint8Array.from(`${content}\0`, (char) => char.charCodeAt(0)) : content.slice();
    const id = this.next++ as GrantId;
    this.grants.set(`${owner}/${id}`, bytes);
    return id;
  }

  /** What lies behind a grant now; undefined where there is no such grant. */
  bytes(owner: Endpoint, grant: GrantId | number): Uint8Array | undefined {
    return this.grants.get(`${owner}/${grant}`);
  }

  /** The address space of a process, made on first use: 256 KB of zeros. */
  space(owner: Endpoint): Uint8Array {
    let space = this.spaces.get(owner);
    if (space === undefined) {
      space = new Uint8Array(256 * 1024);
      this.spaces.set(owner, space);
    }
    return space;
  }
}
