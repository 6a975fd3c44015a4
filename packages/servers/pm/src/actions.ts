import type { SigAction } from "@procyon-os/contract-pm";
import { NSIG } from "@procyon-os/message";

// What a process does on each signal, as numbers one after another: they are saved with every change of the process, and
// objects would cost more than all the rest of it.
const HANDLER = 0;
const MASK = 1;
const FLAGS = 2;
const FIELDS = 3;

/** SIG_DFL for every signal. */
export const noActions = (): Int32Array => new Int32Array(NSIG * FIELDS);

/** What happens on a signal. */
export function actionOf({ actions }: { readonly actions: Int32Array }, signal: number): SigAction {
  const at = signal * FIELDS;
  return { handler: (actions[at + HANDLER] as number) >>> 0, mask: actions[at + MASK] as number, flags: actions[at + FLAGS] as number };
}

/** Sets what happens on a signal. */
export function setAction({ actions }: { readonly actions: Int32Array }, signal: number, { handler, mask, flags }: SigAction): void {
  actions.set([handler, mask, flags], signal * FIELDS);
}
