import type { Protocol, ServiceImage } from "@procyon-os/message";

/** The same service as its next version: what an update to a version without changes runs. */
export function nextVersion(image: ServiceImage): ServiceImage {
  const [major = "0", minor = "0", patch = "0"] = image.version.split(/[.+-]/);
  return { ...image, version: `${major}.${minor}.${Number(patch) + 1}` };
}

/** The same service with a contract whose first call has another number, and the name of that call. */
export function withBrokenContract(image: ServiceImage, contract: Protocol<any>): { readonly image: ServiceImage; readonly call: string } {
  const calls = contract.calls as Protocol["calls"];
  const [call = ""] = Object.keys(calls);
  const free = Math.max(...Object.values(calls).map(({ number }) => number)) + 1;
  const changed = { ...contract, calls: { ...calls, [call]: { ...calls[call], number: free } } } as Protocol<any>;
  return { image: { ...nextVersion(image), contract: changed }, call };
}
