/** Something that the person at the command line can mend: one clear line, and an exit status. */
export class UsageError extends Error {
  readonly status: number;

  constructor(message: string, status = 2) {
    super(message);
    this.name = "UsageError";
    this.status = status;
  }
}
