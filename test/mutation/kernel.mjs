// Mistakes to make in the kernel (and in what VM and syslib have of its lines), by line of the checklist: in a file, a text that
// occurs there exactly once becomes another one, and a test that bears the line's id has to fail. `run.mjs` tries them.
const K = "packages/kernel/src";

/** @type {readonly { id: string, file: string, from: string, to: string }[]} */
export const mutations = [
  // K01 primitives, masks, generations, errors
  { id: "K01", file: `${K}/ipc/ipc-trap.ts`, from: 'if (call !== RECEIVE) return errorCode("EINVAL");', to: 'if (call !== RECEIVE) return errorCode("EDEADSRCDST");' },
  { id: "K01", file: `${K}/ipc/ipc-trap.ts`, from: "|| !privileges.ipcTo.has(target.privileges.id)", to: "" },
  { id: "K01", file: `${K}/ipc/ipc-trap.ts`, from: 'if (!(privileges.trapMask & (1 << call))) return errorCode("ETRAPDENIED");', to: "" },
  { id: "K01", file: `${K}/ipc/ipc-trap.ts`, from: "call !== SENDREC && call !== RECEIVE && target !== null && target.isTask", to: "false" },
  { id: "K01", file: `${K}/processes/process-table.ts`, from: "|| process.endpoint !== endpoint", to: "" },
  { id: "K01", file: `${K}/ipc/will-receive.ts`, from: "target.deliverMessage[0] = source;", to: "" },
  { id: "K01", file: `${K}/ipc/will-receive.ts`, from: "(target.getFrom === ANY || target.getFrom === source)", to: "true" },
  { id: "K01", file: `${K}/ipc/send.ts`, from: 'if (nonBlocking) return errorCode("ENOTREADY");', to: "" },
  { id: "K01", file: `${K}/ipc/send.ts`, from: "last.queueLink = caller;", to: "caller.queueLink = target.callerQueue;\n  target.callerQueue = caller;" },
  // K02 circles
  { id: "K02", file: `${K}/ipc/deadlock.ts`, from: "length > kernel.processes.slots.length", to: "length > 4" },
  { id: "K02", file: `${K}/ipc/deadlock.ts`, from: "length === 2 && nextSends !== wantsToSend", to: "length === 2" },
  { id: "K02", file: `${K}/ipc/receive.ts`, from: 'if (wouldDeadlock(kernel, caller, false, source)) return errorCode("ELOCKED");', to: "" },
  // K03 asynchronous messages
  { id: "K03", file: `${K}/ipc/asynchronous-receive.ts`, from: "owner.misc |= MF_SENDA_VM_MISS;", to: "{}" },
  { id: "K03", file: `${K}/calls/vmctl.ts`, from: "if (privileges.asynSize > 0) deliverTable(", to: "if (privileges.asynSize < 0) deliverTable(" },
  { id: "K03", file: `${K}/ipc/asynchronous-table.ts`, from: "(flags & AMF_NOTIFY) !== 0 || ", to: "" },
  { id: "K03", file: `${K}/ipc/asynchronous-table.ts`, from: "&& result !== OK", to: "" },
  { id: "K03", file: `${K}/ipc/asynchronous-send.ts`, from: "!(flags & AMF_NOREPLY && target.misc & MF_REPLY_PEND)", to: "true" },
  { id: "K03", file: `${K}/ipc/asynchronous-receive.ts`, from: "|| (flags & AMF_NOREPLY && receiver.misc & MF_REPLY_PEND)", to: "" },
  { id: "K03", file: `${K}/ipc/asynchronous-receive.ts`, from: "if (left) return taken;", to: "" },
  { id: "K03", file: `${K}/ipc/asynchronous-receive.ts`, from: "if (!othersLeft) receivers", to: "receivers" },
  // K04 unstable address spaces
  { id: "K04", file: `${K}/ipc/asynchronous-receive.ts`, from: "owner.rts & RTS_VMINHIBIT && kernel", to: "false && kernel" },
  { id: "K04", file: `${K}/ipc/will-receive.ts`, from: "clearRts(kernel, target, RTS_RECEIVING);", to: "clearRts(kernel, target, RTS_RECEIVING | 0x200);" },
  { id: "K04", file: `${K}/calls/vmctl.ts`, from: "setRts(kernel, process, RTS_VMINHIBIT);", to: "if (process.rts === 0) setRts(kernel, process, RTS_VMINHIBIT);" },
  // K05 a message waits in the kernel
  { id: "K05", file: `${K}/scheduling/dispatcher.ts`, from: "canBeFixed && !process.deliverAsked", to: "false" },
  { id: "K05", file: `${K}/scheduling/dispatcher.ts`, from: 'finishDelivery(process, errorCode("EFAULT"));', to: "finishDelivery(process, OK);" },
  { id: "K05", file: `${K}/memory/message-copy.ts`, from: "return address + bytes <= Math.min(dataLimit(process), 0x100000000);", to: "return true;" },
  { id: "K05", file: `${K}/ipc/receive.ts`, from: "setMessage(caller.deliverMessage, sender.sendMessage);", to: "setMessage(caller.deliverMessage, sender.deliverMessage);" },
  // K06 the door of kernel calls
  { id: "K06", file: `${K}/kernel-call-entry.ts`, from: 'if (number < 0 || number >= NR_SYS_CALLS) return errorCode("EBADREQUEST");', to: 'if (number < 0 || number >= NR_SYS_CALLS) return errorCode("EINVAL");' },
  { id: "K06", file: `${K}/kernel-call-entry.ts`, from: "if (handler === null) {", to: "if (handler === undefined) {" },
  { id: "K06", file: `${K}/kernel-call-entry.ts`, from: "if (mask === undefined || !(", to: "if (mask === undefined && !(" },
  { id: "K06", file: `${K}/kernel-call-entry.ts`, from: 'of a kernel call\\n`);\n    causeSignal(kernel, caller, SIGSEGV);', to: 'of a kernel call\\n`);' },
  { id: "K06", file: `${K}/answer-call.ts`, from: 'does not fit into its memory\\n`);\n  causeSignal(kernel, caller, SIGSEGV);', to: 'does not fit into its memory\\n`);' },
  // K07 no task runs
  { id: "K07", file: `${K}/kernel-call-entry.ts`, from: "caller.kernelCallCycles += GUEST_TRAP_CYCLES;", to: "kernel.processes.at(SYSTEM).kernelCallCycles += GUEST_TRAP_CYCLES;" },
  { id: "K07", file: `${K}/boot/boot.ts`, from: 'process.rts = RTS_PROC_STOP;\n  process.frame[REG_EFLAGS] = INIT_TASK_PSW;', to: 'process.rts = 0x8;\n  process.frame[REG_EFLAGS] = INIT_TASK_PSW;' },
  // K08 suspended calls
  { id: "K08", file: `${K}/calls/vmctl.ts`, from: "vmRequest.kind = VMSTYPE_NONE;\n  clearRts(kernel, process, RTS_VMREQUEST);", to: "vmRequest.kind = VMSTYPE_NONE;" },
  { id: "K08", file: `${K}/kernel-call-entry.ts`, from: "setMessage(request, caller.vmRequest.message);", to: "readMessage(kernel, caller, caller.deliverAddress, request);\n  request[0] = caller.endpoint;" },
  { id: "K08", file: `${K}/memory/virtual-copy.ts`, from: "caller.misc & MF_KCALL_RESUME && caller.vmRequest.result !== OK", to: "false" },
  { id: "K08", file: `${K}/calls/clear.ts`, from: "dropRequest(kernel, process);", to: "" },
  // K09 the caller is an argument
  { id: "K09", file: `${K}/memory/virtual-copy.ts`, from: 'if (caller === null || side.process === null || !kernel.vmRunning || caller.endpoint === VM) return errorCode("EFAULT");', to: "if (caller === null || side.process === null || !kernel.vmRunning || caller.endpoint === VM) return write ? -994 : -995;" },
  { id: "K09", file: `${K}/calls/times.ts`, from: "endpoint === SELF ? caller :", to: "endpoint === SELF ? kernel.processes.find(message[0] as never) :" },
  { id: "K09", file: `${K}/calls/setgrant.ts`, from: "(_kernel, caller, message) => {", to: "(kernel, own, message) => {\n  const caller = kernel.processes.find(message[0] as never) ?? own;" },
  { id: "K09", file: `${K}/calls/kill.ts`, from: "const signal = request.signal.read(message);", to: "const signal = (message[1] as number) === 0x606 ? request.signal.read(message) : 99;" },
  // K10 windows
  { id: "K10", file: `${K}/memory/windows.ts`, from: "Math.min(bytes, BIG_PAGE - offset)", to: "bytes" },
  { id: "K10", file: `${K}/memory/linear-copy.ts`, from: "const toWindow = openWindow(kernel, target, to, windowState.bytes, 1);", to: "const toWindow = openWindow(kernel, target, to, windowState.bytes, 0);" },
  { id: "K10", file: `${K}/memory/windows.ts`, from: "(process.cr3 === 0 || process === loaded)", to: "process.cr3 === 0" },
  { id: "K10", file: `${K}/memory/linear-copy.ts`, from: "    bytes -= chunk;\n    from += chunk;\n    to += chunk;", to: "    bytes -= chunk;\n    from += chunk;\n    to += chunk & 0x3ff000;" },
  // K11 a fault inside a copy
  { id: "K11", file: `${K}/memory/linear-copy.ts`, from: "return cpu.faultIsWrite ? EFAULT_DST : EFAULT_SRC;", to: "return cpu.faultIsWrite ? EFAULT_SRC : EFAULT_DST;" },
  { id: "K11", file: `${K}/memory/linear-copy.ts`, from: "faultAddress = cpu.faultIsWrite ? to + (fault - toWindow) : from + (fault - fromWindow);", to: "faultAddress = cpu.faultIsWrite ? to : from;" },
  { id: "K11", file: `${K}/memory/vm-request.ts`, from: "request.write = write ? 1 : 0;", to: "request.write = 1;" },
  // K12 boot processes without a table
  { id: "K12", file: `${K}/kernel.ts`, from: "if (process.cr3 === 0 || local.pageTableOwner === process) return;", to: "if (local.pageTableOwner === process) return;" },
  { id: "K12", file: `${K}/traps/exceptions.ts`, from: "|| (process.endpoint <= INIT && process.cr3 === 0)", to: "" },
  { id: "K12", file: `${K}/memory/windows.ts`, from: "(process.cr3 === 0 || process === loaded)", to: "process === loaded" },
  // K13 the shared page of directories
  { id: "K13", file: `${K}/memory/windows.ts`, from: "entry = cpu.readLinear32(process.pageDirectory + (linear >>> 22) * 4) >>> 0;", to: "entry = kernel.memory.read32(process.cr3 + (linear >>> 22) * 4) >>> 0;" },
  { id: "K13", file: `${K}/calls/vmctl.ts`, from: "process.pageDirectory = cr3 === 0 ? 0 : directory;", to: "process.pageDirectory = cr3;" },
  // K14 the kernel's own pages
  { id: "K14", file: "packages/servers/vm/src/boot/kernel-half.ts", from: "(pde << 22) | PRESENT | WRITABLE | BIG_PAGE | GLOBAL", to: "(pde << 22) | PRESENT | WRITABLE | BIG_PAGE | GLOBAL | 4" },
  { id: "K14", file: "packages/servers/vm/src/boot/kernel-half.ts", from: "(pde << 22) | PRESENT | WRITABLE | BIG_PAGE | GLOBAL", to: "(pde << 22) | PRESENT | WRITABLE | BIG_PAGE" },
  { id: "K14", file: "packages/servers/vm/src/boot/kernel-half.ts", from: "let frame = 1; frame < FRAMES_4M", to: "let frame = 0; frame < FRAMES_4M" },
  // K15 paging in one step
  { id: "K15", file: `${K}/memory/enable-paging.ts`, from: "local.pageTableOwner = null; // so that the switch really loads", to: "local.pageTableOwner = vm;" },
  { id: "K15", file: `${K}/memory/enable-paging.ts`, from: "setMemoryMap(kernel, vm, map);", to: "" },
  { id: "K15", file: `${K}/memory/enable-paging.ts`, from: "kernel.vmRunning || vm.cr3 === 0", to: "vm.cr3 === 0" },
  { id: "K15", file: `${K}/memory/enable-paging.ts`, from: "    cpu.cr0 |= CR0_WP;\n", to: "" },
  // K16 segments
  { id: "K16", file: `${K}/memory/segments.ts`, from: "descriptor(dataBase(process), size, ACCESS_USER_DATA)", to: "descriptor(dataBase(process), 0, ACCESS_USER_DATA)" },
  { id: "K16", file: `${K}/memory/segments.ts`, from: "descriptor(textBase(process), textClicks === 0 ? size : codeSize, ACCESS_USER_CODE)", to: "descriptor(textBase(process), 0, ACCESS_USER_CODE)" },
  { id: "K16", file: `${K}/memory/linear-copy.ts`, from: "process.cr3 === 0 || linear >= kernel.kernelEnd", to: "true" },
  { id: "K16", file: `${K}/memory/virtual-copy.ts`, from: "to.process !== null && to.process.isTask", to: "false" },
  { id: "K16", file: `${K}/debug/describe-registers.ts`, from: "if (granularity & 0x80) size *= 4096;", to: "" },
  { id: "K16", file: `${K}/traps/exceptions.ts`, from: "${hex(kernel.local.cpu.exitErrorCode)}\\n${describeRegisters(kernel, process)}`", to: "${hex(kernel.local.cpu.exitErrorCode)}\\n`" },
  // K17 stale translations
  { id: "K17", file: `${K}/calls/vmctl.ts`, from: 'if (kernel.debug.plant !== "staleTlb") process.staleTlb', to: "if (process.staleTlb < 0) process.staleTlb" },
  { id: "K17", file: `${K}/memory/windows.ts`, from: "process !== null && (process.staleTlb & local.bit) !== 0", to: "process !== null && false" },
  { id: "K17", file: `${K}/scheduling/dispatcher.ts`, from: "if (local.pageTableOwner === process) kernel.reloadPageTable();", to: "" },
  { id: "K17", file: `${K}/calls/vmctl.ts`, from: "process.staleTlb = (1 << kernel.cpus.length) - 1;", to: "process.staleTlb = kernel.local.bit;" },
  // K18 no flush without need
  { id: "K18", file: `${K}/kernel.ts`, from: "if (process.cr3 === 0 || local.pageTableOwner === process) return;", to: "if (process.cr3 === 0) return;" },
  { id: "K18", file: `${K}/memory/windows.ts`, from: "if (!windowState.changed) return;", to: "" },
  { id: "K18", file: `${K}/memory/windows.ts`, from: "const PDE_TRANSLATION = ~0x60;", to: "const PDE_TRANSLATION = ~0x40;" },
  { id: "K18", file: `${K}/scheduling/dispatcher.ts`, from: "process.staleTlb &= ~local.bit;\n  process.misc", to: "process.misc" },
  // K19 inhibit
  { id: "K19", file: `${K}/calls/vmctl.ts`, from: "setRts(kernel, process, RTS_VMINHIBIT);", to: "if (process.cpu === kernel.local.id) setRts(kernel, process, RTS_VMINHIBIT);" },
  { id: "K19", file: `${K}/calls/vmctl.ts`, from: "clearRts(kernel, process, RTS_VMINHIBIT);\n  const { privileges }", to: "const { privileges }" },
  // K20 several CPUs
  { id: "K20", file: `${K}/scheduling/run-queues.ts`, from: "  process.enterQueue = kernel.local.time;\n  preempt(kernel, local, process);", to: "  process.enterQueue = kernel.local.time;\n  if (local === kernel.local) preempt(kernel, local, process);" },
  { id: "K20", file: `${K}/scheduling/run-queues.ts`, from: "if (local.queueMask === 0 && (working === null || working === process)) local.wakeAt(kernel.local.time);", to: "" },
  { id: "K20", file: `${K}/scheduling/schedule-process.ts`, from: "if (cpu !== -1 && kernel.cpus.length > 1) process.cpu = cpu;", to: "if (cpu !== -1 && kernel.cpus.length > 1) process.cpu = 0;" },
  { id: "K20", file: `${K}/scheduling/dispatcher.ts`, from: "current.rts === 0 && current.cpu === local.id && !kernel.race", to: "current.rts === 0 && !kernel.race" },
  // K21 page faults are messages
  { id: "K21", file: `${K}/ipc/send.ts`, from: "setMessage(target.deliverMessage, message);\n    addStatus(target, SEND, true);", to: "setMessage(target.deliverMessage, message);\n    addStatus(target, SEND, false);" },
  { id: "K21", file: `${K}/traps/exceptions.ts`, from: "setRts(kernel, process, RTS_PAGEFAULT);", to: "" },
  { id: "K21", file: `${K}/traps/exceptions.ts`, from: "fault.address.write(message, linear);", to: "fault.address.write(message, linear - dataBase(process));" },
  { id: "K21", file: `${K}/ipc/receive.ts`, from: "addStatus(caller, fromKernel ? SEND : call, fromKernel);", to: "addStatus(caller, call, false);" },
  // K22 quantum
  { id: "K22", file: `${K}/scheduling/quantum.ts`, from: "if (scheduler === null || scheduler === process || !preemptible) {", to: "if (scheduler !== process) {" },
  { id: "K22", file: `${K}/scheduling/quantum.ts`, from: "|| !preemptible", to: "" },
  { id: "K22", file: `${K}/scheduling/dispatcher.ts`, from: "if (process.timeLeft > 0) enqueueHead(kernel, process);\n  else enqueue(kernel, process);", to: "enqueue(kernel, process);" },
  { id: "K22", file: `${K}/scheduling/schedule-process.ts`, from: 'if (quantumMs < 1 && quantumMs !== -1) return errorCode("EINVAL");', to: "" },
  { id: "K22", file: `${K}/calls/schedule.ts`, from: 'return errorCode("EPERM");', to: "{}" },
  // K23 grants
  { id: "K23", file: `${K}/grants/verify-grant.ts`, from: 'if (start + length > 0x100000000 && kernel.debug.plant !== "grantWrap") return EPERM;', to: "" },
  { id: "K23", file: `${K}/grants/verify-grant.ts`, from: "if (offset + bytes > length) return EPERM;", to: "if (((offset + bytes) >>> 0) > length) return EPERM;" },
  { id: "K23", file: `${K}/grants/verify-grant.ts`, from: "if (!matches(to, grantee) && !isSuccessor(kernel, owner, grantee, to, access)) return EPERM;", to: "" },
  { id: "K23", file: `${K}/grants/verify-grant.ts`, from: "depth >= MAX_INDIRECT_DEPTH", to: "depth > MAX_INDIRECT_DEPTH" },
  { id: "K23", file: `${K}/grants/verify-grant.ts`, from: "if (!direct && owner.endpoint !== VFS) return EPERM;", to: "" },
  { id: "K23", file: `${K}/grants/verify-grant.ts`, from: "if ((flags & access) !== access) return EPERM;", to: "" },
  { id: "K23", file: `${K}/calls/safecopies.ts`, from: "elements < 1 || elements > SCPVEC_NR", to: "elements < 1" },
  { id: "K23", file: `${K}/grants/safecopy.ts`, from: '(segment & SEGMENT_TYPE) !== LOCAL_SEG || segment > 2', to: "false" },
  // K24 copies that share
  { id: "K24", file: `${K}/grants/cow-copy.ts`, from: "|| source.knownFrames || target.knownFrames", to: "" },
  { id: "K24", file: `${K}/grants/cow-copy.ts`, from: "const before = upTo(head);", to: "const before = OK as number;\n  vmRequest.done = Math.max(head, vmRequest.done);" },
  { id: "K24", file: `${K}/grants/cow-copy.ts`, from: "return pages >= threshold(kernel) ? { head, pages } : null;", to: "return null;" },
  // K25 maps
  { id: "K25", file: `${K}/grants/safemap-table.ts`, from: "this.records = this.records.flatMap((one) => cut(one, map));", to: "" },
  { id: "K25", file: `${K}/grants/safemap-table.ts`, from: "this.records.push(this.withLineage(map));", to: "if (this.records.length < 20) this.records.push(this.withLineage(map));" },
  { id: "K25", file: `${K}/calls/safemaps.ts`, from: "one.grantee === caller.endpoint && one.segment === segment && one.granteeAddress === address", to: "false" },
  // K26 indirect grants and maps
  { id: "K26", file: `${K}/calls/safemaps.ts`, from: "one.chain.some(({ granter, grant }) => granter === own && grant === (what | 0))", to: "one.granter === own && one.chain[one.chain.length - 1]?.grant === (what | 0)" },
  { id: "K26", file: `${K}/grants/map-request.ts`, from: "ends.some((one) => one === map || map.through.has(one.id))", to: "ends.includes(map)" },
  { id: "K26", file: `${K}/grants/safemap-table.ts`, from: "if (below.length === 0) return map;", to: "return map;" },
  { id: "K26", file: `${K}/calls/clear.ts`, from: "if (caller.endpoint !== VM && unmapThrough(kernel, caller, process.endpoint) === VMSUSPEND) return VMSUSPEND;", to: "" },
  { id: "K26", file: `${K}/grants/verify-grant.ts`, from: "if (!matches(endpointAt(1), grantee)) return EPERM;", to: "" },
  // K27 generations of grants
  { id: "K27", file: `${K}/grants/verify-grant.ts`, from: "if (!isCurrent(grant)) return EPERM;", to: "" },
  { id: "K27", file: `${K}/grants/verify-grant.ts`, from: "return grantGeneration(grant) === 0;", to: "return true;" },
  // K28 physical ranges
  { id: "K28", file: `${K}/calls/privctl.ts`, from: "start >= base && last <= limit", to: "start >= base && start <= limit" },
  { id: "K28", file: `${K}/calls/privctl.ts`, from: "|| length === 0 || last > 0xffffffff", to: "" },
  { id: "K28", file: `${K}/calls/privctl.ts`, from: "start >= base && last <= limit", to: "true" },
  // K29 update
  { id: "K29", file: `${K}/calls/update.ts`, from: "  swapPendingTables(kernel, from, to);\n", to: "" },
  { id: "K29", file: `${K}/calls/update.ts`, from: "  stopSending(kernel, source);\n", to: "" },
  { id: "K29", file: `${K}/calls/update.ts`, from: "grantEntries, asynTable, asynSize };", to: "grantEntries };" },
  { id: "K29", file: `${K}/calls/update.ts`, from: "  swapSendMasks(kernel, from, to);\n", to: "" },
  { id: "K29", file: `${K}/calls/update.ts`, from: 'for (const one of [source, target]) if (!(moves && one === caller) && !atRest(one)) return errorCode("EBUSY");', to: "" },
  { id: "K29", file: `${K}/calls/update.ts`, from: "source.staleTlb = target.staleTlb = (1 << kernel.cpus.length) - 1;", to: "" },
  // K30 privileges
  { id: "K30", file: `${K}/calls/port-io.ts`, from: "port % width !== 0 || ", to: "" },
  { id: "K30", file: `${K}/calls/port-io.ts`, from: "port >= base && port + width - 1 <= limit", to: "port >= base && port <= limit" },
  { id: "K30", file: `${K}/calls/privctl.ts`, from: "if (list.some(same)) return OK;", to: "" },
  { id: "K30", file: `${K}/calls/irqctl.ts`, from: "privileges.flags & CHECK_IRQ && !privileges.irqs.includes(line)", to: "false" },
  { id: "K30", file: `${K}/privileges/privilege-table.ts`, from: "one.id >= NR_STATIC_PRIV_IDS && one.owner === null", to: "one.owner === null" },
  { id: "K30", file: `${K}/calls/privctl.ts`, from: "privileges.callMask.set(entry.callMask.slice(0, privileges.callMask.length));", to: "" },
  // K31 time, interrupts, signals
  { id: "K31", file: `${K}/clock/timers.ts`, from: "first.expiresAt > uptime", to: "first.expiresAt > uptime + 1" },
  { id: "K31", file: `${K}/calls/clear.ts`, from: "  kernel.interrupts.removeAll(kernel, process.endpoint);\n", to: "" },
  { id: "K31", file: `${K}/interrupts/interrupts.ts`, from: "owner.privileges.intPending |= 1 << hook.notifyId;", to: "owner.privileges.intPending |= 1;" },
  { id: "K31", file: `${K}/signals/cause-signal.ts`, from: "setRts(kernel, process, RTS_SIGNALED | RTS_SIG_PENDING);", to: "setRts(kernel, process, RTS_SIGNALED);" },
  { id: "K31", file: `${K}/calls/sigreturn.ts`, from: "process.misc |= MF_CONTEXT_SET;", to: "" },
  { id: "K31", file: `${K}/calls/sigreturn.ts`, from: "if (KEPT.has(word)) continue;", to: "" },
  { id: "K31", file: `${K}/signals/cause-signal.ts`, from: "clearRts(kernel, backup, RTS_NO_PRIV);", to: "" },
  { id: "K31", file: `${K}/traps/exceptions.ts`, from: '["Divide error", SIGFPE]', to: '["Divide error", SIGILL]' },
  // K32 panic
  { id: "K32", file: `${K}/debug/panic.ts`, from: "[`kernel panic: ${why}`,", to: "[`kernel: ${why}`," },
  { id: "K32", file: `${K}/debug/panic.ts`, from: "lines.push(`  ${kernel.recentTraps.toString()}`);", to: "" },
  { id: "K32", file: `${K}/kernel.ts`, from: "    } catch (error) {\n      return this.panic(error);", to: "    } catch (error) {\n      throw error;" },
  { id: "K32", file: "packages/syslib/src/print.ts", from: "yield* printf(`${name}(${endpoint}): panic: ${text}\\n`);", to: "yield* printf(`panic: ${text}\\n`);" },
  { id: "K32", file: "packages/syslib/src/print.ts", from: 'yield* printf(`syslib: stacktrace:', to: 'void (`syslib: stacktrace:' },
  // K33 debug aids
  { id: "K33", file: `${K}/debug/message-check.ts`, from: "kernel.debug.msgcheck !== true ||", to: "true ||" },
  { id: "K33", file: `${K}/scheduling/dispatcher.ts`, from: "if (kernel.debug.vmassert === true) assertMemory(kernel, process);", to: "" },
  { id: "K33", file: `${K}/debug/entry-guard.ts`, from: "if (this.inside !== null) throw", to: "if (this.inside === name) throw" },
  { id: "K33", file: `${K}/kernel.ts`, from: "this.race = options.debug?.race ?? false;", to: "this.race = false;" },
  { id: "K33", file: `${K}/kernel.ts`, from: "this.guard = this.debug.norec === true ? new EntryGuard() : null;", to: "this.guard = null;" },
  // K34 the same trace
  { id: "K34", file: `${K}/kernel.ts`, from: "return this.seeded.below(limit);", to: "return Math.floor(Math.random() * limit);" },
  { id: "K34", file: `${K}/kernel.ts`, from: "this.seeded = new SeededRandom(options.seed);", to: "this.seeded = new SeededRandom(Math.floor(Math.random() * 1e9));" },
  { id: "K34", file: `${K}/run.ts`, from: "1 + kernel.random(MAX_SLICE_CYCLES)", to: "1 + Math.floor(Math.random() * MAX_SLICE_CYCLES)" },
];
