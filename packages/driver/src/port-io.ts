import { DIO_BYTE, DIO_INPUT, DIO_OUTPUT, DIO_SAFE, DIO_WORD } from "@procyon-os/contract-kernel";
import { resultCode, ok, SELF, type Endpoint, type GrantId, type Program } from "@procyon-os/message";
import { kernel, load, panic, scratchBytes } from "@procyon-os/syslib";

/** Pairs of port and byte that one VDEVIO takes (64 bytes). */
const PAIRS_AT_ONCE = 16;

/** Reads a byte from a port. A port that is not the driver's ends the driver. */
export function* inByte(port: number): Program<number> {
  const read = yield* kernel.devio({ request: DIO_INPUT | DIO_BYTE, port, value: 0 });
  if (!read.ok) return yield* panic(`reading port 0x${port.toString(16)}: ${read.error}`);
  return read.value.value & 0xff;
}

/** Writes a byte to a port. */
export function* outByte(port: number, value: number): Program<void> {
  const written = yield* kernel.devio({ request: DIO_OUTPUT | DIO_BYTE, port, value });
  if (!written.ok) return yield* panic(`writing port 0x${port.toString(16)}: ${written.error}`);
}

/** pvb_pair_t: u16 port, u8 value, padding. */
const PAIR_BYTES = 4;
const VALUE = 2;

function encodePairs(pairs: readonly (readonly [port: number, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(pairs.length * PAIR_BYTES);
  pairs.forEach(([port, value], n) => bytes.set([port & 0xff, port >> 8, value], n * PAIR_BYTES));
  return bytes;
}

/** Reads a byte from each of some ports (16 at most) in order, with one kernel call. */
export function* inBytes(ports: readonly number[]): Program<number[]> {
  const vector = yield* scratchBytes(encodePairs(ports.map((port) => [port, 0])));
  const read = yield* kernel.vdevio({ request: DIO_INPUT | DIO_BYTE, vector, count: ports.length });
  if (!read.ok) return yield* panic(`reading ports: ${read.error}`);
  const bytes = yield* load(vector, ports.length * PAIR_BYTES);
  return ports.map((_port, n) => bytes[n * PAIR_BYTES + VALUE] as number);
}

/** Writes bytes to ports in order, with as few kernel calls as possible. */
export function* outBytes(pairs: readonly (readonly [port: number, value: number])[]): Program<void> {
  for (let at = 0; at < pairs.length; at += PAIRS_AT_ONCE) {
    const some = pairs.slice(at, at + PAIRS_AT_ONCE);
    const vector = yield* scratchBytes(encodePairs(some));
    const written = yield* kernel.vdevio({ request: DIO_OUTPUT | DIO_BYTE, vector, count: some.length });
    if (!written.ok) return yield* panic(`writing ports: ${written.error}`);
  }
}

/** Where the bytes of a string transfer are: behind a grant of a process, or at an address of the driver. */
export type PortBuffer =
  | { readonly kind: "grant"; readonly process: Endpoint; readonly grant: GrantId; readonly offset: number }
  | { readonly kind: "own"; readonly address: number };

/** Moves words between a port and a buffer (SDEVIO): 0, or a negative error of the buffer. */
export function* moveWords(direction: "in" | "out", port: number, buffer: PortBuffer, bytes: number): Program<number> {
  const way = (direction === "in" ? DIO_INPUT : DIO_OUTPUT) | DIO_WORD;
  const place = buffer.kind === "grant"
    ? { request: way | DIO_SAFE, address: buffer.grant, process: buffer.process, offset: buffer.offset }
    : { request: way, address: buffer.address, process: SELF, offset: 0 };
  const moved = yield* kernel.sdevio({ port, bytes, ...place });
  return resultCode(moved.ok ? ok(0) : moved);
}
