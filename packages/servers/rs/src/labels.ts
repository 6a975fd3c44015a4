import { CPF_READ } from "@procyon-os/contract-kernel";
import { dsContract, DSF_OVERWRITE, DSF_TYPE_LABEL } from "@procyon-os/contract-ds";
import { DS, type Endpoint, type GrantId, type Program, type Result } from "@procyon-os/message";
import { allocate, free, grantDirect, revoke, store, textBytes } from "@procyon-os/syslib";
import { taskCall } from "./task.ts";

/** Lends DS a label's bytes until the call is over. */
function* withLabel(label: string, use: (key: GrantId, keyLength: number) => Program<Result<unknown>>): Program<Result<unknown>> {
  const bytes = textBytes(label, true);
  const address = yield* allocate(bytes.length);
  yield* store(address, bytes);
  const grant = yield* grantDirect(DS, address, bytes.length, CPF_READ);
  const result = yield* use(grant, bytes.length);
  yield* revoke(grant);
  free(address);
  return result;
}

/** Tells DS for which endpoint a label stands now. Runs in a task: DS may be what is being restarted. */
export function* publishLabel(label: string, endpoint: Endpoint): Program<Result<unknown>> {
  const flags = DSF_TYPE_LABEL | DSF_OVERWRITE; // over itself: so it does no harm to publish it twice
  return yield* withLabel(label, (key, keyLength) => taskCall(dsContract, DS, "publish", { key, keyLength, flags, value: endpoint, valueLength: 0 }, true));
}

/** Takes a label out of DS, with all that its service published. Runs in a task. */
export function* deleteLabel(label: string): Program<Result<unknown>> {
  return yield* withLabel(label, (key, keyLength) => taskCall(dsContract, DS, "delete", { key, keyLength, flags: DSF_TYPE_LABEL }));
}
