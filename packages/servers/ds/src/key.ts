import { DS_MAX_KEYLEN } from "@procyon-os/contract-ds";
import { fail, ok, type Endpoint, type ErrorName, type Failure, type GrantId, type Program, type Result } from "@procyon-os/message";
import { bytesText, readGrant, textBytes, writeGrant } from "@procyon-os/syslib";

type CopyError = "EINVAL" | "EPERM" | "EFAULT";

/** What a client is told when a copy through its grant failed. */
export function copyFailure({ error }: { readonly error: ErrorName }): Failure<CopyError> {
  return fail(error === "EPERM" || error === "EINVAL" ? error : "EFAULT");
}

/** Gets the key (or pattern) of a request: 2 to 80 bytes with its NUL. */
export function* readKey(caller: Endpoint, request: { readonly key: GrantId; readonly keyLength: number }): Program<Result<string, CopyError>> {
  if (request.keyLength < 2 || request.keyLength > DS_MAX_KEYLEN) return fail("EINVAL");
  const bytes = yield* readGrant(caller, request.key, 0, request.keyLength);
  if (!bytes.ok) return copyFailure(bytes);
  return ok(bytesText(bytes.value).slice(0, DS_MAX_KEYLEN - 1));
}

/** Gives a key back through a grant of 80 bytes. */
export function* writeKey(caller: Endpoint, grant: GrantId, key: string): Program<Result<null, CopyError>> {
  const written = yield* writeGrant(caller, grant, 0, textBytes(key, true));
  return written.ok ? ok(null) : copyFailure(written);
}
