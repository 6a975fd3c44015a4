import { instanceLocal } from "@procyon-os/message";

// Which minor devices were opened since this instance started: dies with it, on purpose.
const opened = instanceLocal<Set<number>>("opened minors", () => new Set());

/** Whether a minor device was opened since the instance started; clients of the one before have to open theirs again. */
export function isOpenMinor(minor: number): boolean {
  return opened().has(minor);
}

/** Remembers an open. */
export function setOpenMinor(minor: number): void {
  opened().add(minor);
}
