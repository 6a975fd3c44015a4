import type { Endpoint, GrantId } from "@procyon-os/message";

/** A part of a grant that is mapped over memory of its grantee. */
export interface Safemap {
  readonly granter: Endpoint; // whose memory it is
  readonly grantee: Endpoint;
  readonly grant: GrantId;
  readonly offset: number;
  readonly granterAddress: number;
  readonly segment: number;
  readonly granteeAddress: number;
  readonly granteeLinear: number;
  readonly bytes: number;
}

/** All maps by grant; as many as there are, but not without end. */
export class SafemapTable {
  private records: Safemap[] = [];

  get full(): boolean {
    return this.records.length >= 4096;
  }
  get all(): readonly Safemap[] {
    return this.records;
  }
  add(map: Safemap): void {
    this.records.push(map);
  }
  remove(map: Safemap): void {
    this.records = this.records.filter((other) => other !== map);
  }
  /** A process is gone, and its memory with it. */
  purge(endpoint: Endpoint): void {
    this.records = this.records.filter(({ granter, grantee }) => granter !== endpoint && grantee !== endpoint);
  }
}
