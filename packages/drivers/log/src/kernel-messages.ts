import { GET_KMESSAGES, kernelMessages, KMESS_BUF_SIZE } from "@procyon-os/contract-kernel";
import type { Program } from "@procyon-os/message";
import { kernelStructure } from "@procyon-os/syslib";

/** What the kernel's ring of messages has got since `from`; null where the kernel does not give it. */
export function* newKernelMessages(from: number): Program<{ readonly text: Uint8Array; readonly next: number } | null> {
  const bytes = yield* kernelStructure(GET_KMESSAGES, kernelMessages.bytes);
  if (bytes === null) return null;
  const ring = kernelMessages.decode(bytes);
  if (ring.size <= 0) return { text: new Uint8Array(0), next: ring.next };
  const count = Math.min((ring.next + KMESS_BUF_SIZE - from) % KMESS_BUF_SIZE, ring.size);
  return { text: Uint8Array.from({ length: count }, (_, n) => ring.buffer[(ring.next - count + n + KMESS_BUF_SIZE) % KMESS_BUF_SIZE] as number), next: ring.next };
}
