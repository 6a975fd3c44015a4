import type { pmContract } from "@procyon-os/contract-pm";
import type { CallErrors, Outcome, Program, Request } from "@procyon-os/message";
import type { NoReply } from "@procyon-os/syslib";
import type { PmState, Process } from "./state.ts";

type Calls = typeof pmContract.calls;

/** Handles one call for a process that exists and is not exiting. */
export type PmHandler<Name extends keyof Calls> = (
  state: PmState,
  caller: Process,
  request: Request<Calls[Name]>,
) => Program<Outcome<Calls[Name]> | NoReply>;

/** A handler for every call of PM. */
export type PmHandlers = { readonly [Name in keyof Calls]: PmHandler<Name> };

/** The errors that a call's contract names. */
export type PmErrors<Name extends keyof Calls> = CallErrors<Calls[Name]>;
