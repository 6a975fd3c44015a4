import { rsContract } from "@procyon-os/contract-rs";
import { ok, RS, type Endpoint, type Program, type Result } from "@procyon-os/message";
import { allocate, free } from "./heap.ts";
import { client, type Stubs } from "./stubs.ts";
import { textBytes } from "./text.ts";
import { store } from "./trap.ts";

/** The calls of RS, as they are on the wire. */
export const rs: Stubs<typeof rsContract> = client(rsContract, RS);

function* withText<T>(text: string, use: (address: number, length: number) => Program<T>): Program<T> {
  const bytes = textBytes(text, true);
  const address = yield* allocate(bytes.length);
  yield* store(address, bytes);
  const result = yield* use(address, bytes.length);
  free(address);
  return result;
}

/** The endpoint of the service with this label, as RS knows it. */
export function* rsLookup(label: string): Program<Result<Endpoint>> {
  const found = yield* withText(label, (name, nameLength) => rs.lookup({ name: name as never, nameLength }));
  return found.ok ? ok(found.value.endpoint) : found;
}

/** One of the requests of RS that name a service and nothing else. */
export function* rsRequest(what: "down" | "refresh" | "restart" | "clone", label: string): Program<Result<unknown>> {
  return yield* withText(label, (address, length) => rs[what]({ label: address as never, labelLength: length - 1 }));
}
