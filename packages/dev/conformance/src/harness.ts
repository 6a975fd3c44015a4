import { encodeRprocPub, RPROCPUB_BYTES } from "@procyon-os/contract-rs";
import { DS, LOG, RS, TTY, type Endpoint, type ServiceImage } from "@procyon-os/message";
import { ServiceHarness } from "@procyon-os/service-harness";

const labels: readonly (readonly [string, Endpoint])[] = [["rs", RS], ["ds", DS], ["tty", TTY], ["log", LOG]];

/** The service alone, at DS's endpoint, among rs, ds, tty and log. */
export function startAlone(image: ServiceImage): ServiceHarness {
  const rprocTable = new Uint8Array(64 * RPROCPUB_BYTES);
  labels.forEach(([label, endpoint], index) => {
    const entry = encodeRprocPub({
      inUse: true, sysFlags: 0, endpoint, deviceFlags: 0, major: 0, deviceStyle: 0, deviceStyle2: 0, label, processName: label, vmCalls: [0, 0],
    });
    rprocTable.set(entry, index * RPROCPUB_BYTES);
  });
  return new ServiceHarness(image, { endpoint: DS, rprocTable });
}
