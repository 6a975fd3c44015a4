/**
 * A block that cannot be read, or that says something impossible. It can come out of nearly every access, so it is thrown:
 * it ends the request with EIO, and the request after it finds a consistent server. Every other failure is a `Result`.
 */
export class DiskError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "DiskError";
  }
}
