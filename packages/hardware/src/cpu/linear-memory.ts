import { Mmu } from "./mmu.ts";

const SHORT = 64; // bytes up to which a loop is faster than a block copy

/**
 * Memory as the kernel sees it: linear addresses under the loaded page directory, with supervisor rights unless `user` is
 * set. Each returns -1 when complete, else the linear address that faulted, with `cr2` and `exitErrorCode` set.
 */
export class LinearMemory extends Mmu {
  faulted = false; // of the last readLinear32 or writeLinear32
  faultIsWrite = false; // of the last copyLinear: which side faulted
  copiedBytes = 0; // of the last copyLinear: how far it came
  exitErrorCode = 0;

  readLinear(linear: number, into: Uint8Array, offset: number, length: number, user: boolean): number {
    let at = linear >>> 0;
    for (let left = length; left > 0; ) {
      const physical = this.translate(at, false, user);
      if (physical < 0) return this.linearFault(at, false);
      const n = Math.min(left, 4096 - (at & 0xfff));
      this.readPhysical(physical, into, offset, n);
      offset += n;
      left -= n;
      at = (at + n) >>> 0;
    }
    return -1;
  }

  writeLinear(linear: number, from: Uint8Array, offset: number, length: number, user: boolean): number {
    let at = linear >>> 0;
    for (let left = length; left > 0; ) {
      const physical = this.translate(at, true, user);
      if (physical < 0) return this.linearFault(at, true);
      const n = Math.min(left, 4096 - (at & 0xfff));
      this.writePhysical(physical, from, offset, n);
      offset += n;
      left -= n;
      at = (at + n) >>> 0;
    }
    return -1;
  }

  /** Copies with supervisor rights; `copiedBytes` and, after a fault, `faultIsWrite` say how it went. */
  copyLinear(to: number, from: number, length: number): number {
    const { memory } = this;
    let target = to >>> 0;
    let source = from >>> 0;
    this.copiedBytes = 0;
    while (this.copiedBytes < length) {
      const read = this.translate(source, false, false);
      if (read < 0) return this.linearFault(source, false);
      const written = this.translate(target, true, false);
      if (written < 0) return this.linearFault(target, true);
      const n = Math.min(length - this.copiedBytes, 4096 - (source & 0xfff), 4096 - (target & 0xfff));
      if (written < memory.size) {
        memory.dropCode(written, n);
        if (read < memory.size) memory.bytes.copyWithin(written, read, read + n);
        else memory.bytes.fill(0xff, written, written + n);
      }
      this.copiedBytes += n;
      target = (target + n) >>> 0;
      source = (source + n) >>> 0;
    }
    return -1;
  }

  fillLinear(linear: number, length: number, byte: number): number {
    let at = linear >>> 0;
    for (let left = length; left > 0; ) {
      const physical = this.translate(at, true, false);
      if (physical < 0) return this.linearFault(at, true);
      const n = Math.min(left, 4096 - (at & 0xfff));
      if (physical < this.memory.size) this.memory.fill(physical, n, byte);
      left -= n;
      at = (at + n) >>> 0;
    }
    return -1;
  }

  /** A word with supervisor rights; `faulted` says whether it could be read. */
  readLinear32(linear: number): number {
    this.faulted = false;
    const physical = this.translate(linear, false, false);
    if (physical >= 0 && (linear & 0xfff) <= 0xffc) {
      return physical < this.memory.size ? this.memory.read32(physical) : -1;
    }
    const bytes = new Uint8Array(4);
    this.faulted = this.readLinear(linear, bytes, 0, 4, false) !== -1;
    return bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24);
  }

  /** Writes a word with supervisor rights; `faulted` says whether it could be. Nothing is written when half of it cannot. */
  writeLinear32(linear: number, value: number): void {
    this.faulted = false;
    const physical = this.translate(linear, true, false);
    if (physical >= 0 && (linear & 0xfff) <= 0xffc) {
      if (physical < this.memory.size) this.memory.write32(physical, value);
      return;
    }
    const end = (linear + 3) >>> 0;
    if (physical < 0 || this.translate(end, true, false) < 0) {
      this.linearFault(physical < 0 ? linear : end & ~0xfff, true);
      this.faulted = true;
      return;
    }
    const bytes = Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
    this.writeLinear(linear, bytes, 0, 4, false);
  }

  private readPhysical(physical: number, into: Uint8Array, offset: number, length: number): void {
    const { bytes, size } = this.memory;
    if (physical >= size) into.fill(0xff, offset, offset + length);
    else if (length > SHORT) into.set(bytes.subarray(physical, physical + length), offset);
    else for (let i = 0; i < length; i++) into[offset + i] = bytes[physical + i]!;
  }

  private writePhysical(physical: number, from: Uint8Array, offset: number, length: number): void {
    const { memory } = this;
    if (physical >= memory.size) return;
    memory.dropCode(physical, length);
    if (length > SHORT) memory.bytes.set(from.subarray(offset, offset + length), physical);
    else for (let i = 0; i < length; i++) memory.bytes[physical + i] = from[offset + i]!;
  }

  private linearFault(linear: number, write: boolean): number {
    this.cr2 = linear >>> 0;
    this.exitErrorCode = this.pageFaultCode;
    this.faultIsWrite = write;
    return linear >>> 0;
  }
}
