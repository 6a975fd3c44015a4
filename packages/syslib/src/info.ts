import { GET_HZ, GET_MONPARAMS, MONPARAMS_BYTES } from "@procyon-os/contract-kernel";
import { instanceLocal, NONE, SELF, type Endpoint, type Program, type Ticks } from "@procyon-os/message";
import { bytesText } from "./text.ts";
import { kernel } from "./kernel.ts";
import { scratch } from "./scratch.ts";
import { load } from "./trap.ts";

/** Gets one of the kernel's structures as bytes, or null where the kernel refuses. */
export function* kernelStructure(what: number, bytes: number, process: Endpoint = SELF): Program<Uint8Array | null> {
  const address = yield* scratch(bytes);
  const got = yield* kernel.getinfo({ what, address, maxBytes: bytes, process });
  return got.ok ? yield* load(address, bytes) : null;
}

const cache = instanceLocal<{ hz: number | null; parameters: Map<string, string> | null }>("system information", () => ({
  hz: null,
  parameters: null,
}));

/** Clock ticks a second. */
export function* systemHz(): Program<number> {
  const here = cache();
  if (here.hz === null) {
    const bytes = yield* kernelStructure(GET_HZ, 4);
    here.hz = bytes === null ? 60 : new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
  }
  return here.hz;
}

/** A boot parameter, or null where it is not set. */
export function* bootParameter(name: string): Program<string | null> {
  const here = cache();
  if (here.parameters === null) {
    const parameters = new Map<string, string>();
    const bytes = yield* kernelStructure(GET_MONPARAMS, MONPARAMS_BYTES);
    for (let at = 0; bytes !== null && at < bytes.length && bytes[at] !== 0; ) {
      const text = bytesText(bytes, at);
      const equals = text.indexOf("=");
      if (equals > 0) parameters.set(text.slice(0, equals), text.slice(equals + 1));
      at += text.length + 1;
    }
    here.parameters = parameters;
  }
  return here.parameters.get(name) ?? null;
}

/** Ticks since boot. */
export function* getUptime(): Program<Ticks> {
  const times = yield* kernel.times({ process: NONE });
  return times.ok ? times.value.uptime : (0 as Ticks);
}

/** Seconds since 1970, and ticks of the running second. */
export function* getTime(): Program<{ seconds: number; ticks: number }> {
  const times = yield* kernel.times({ process: NONE });
  const hz = yield* systemHz();
  if (!times.ok) return { seconds: 0, ticks: 0 };
  return { seconds: times.value.bootTime + Math.floor(times.value.uptime / hz), ticks: times.value.uptime % hz };
}
