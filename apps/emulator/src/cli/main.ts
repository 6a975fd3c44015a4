import { Command, CommanderError } from "commander";
import { bootCommand, type BootFlags } from "./boot-command.ts";
import { catCommand, checkCommand, createCommand, getCommand, listCommand, mkdirCommand, putCommand, removeCommand } from "./image-command.ts";
import { runCommand, type RunFlags } from "./run-command.ts";
import { UsageError } from "./usage-error.ts";

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

function machineOptions(command: Command): Command {
  return command
    .option("--memory <MB>", "memory of the machine in megabytes, 16 to 1024 (default 64)")
    .option("--cpus <N>", "number of processors, 1 to 8 (default 1)")
    .option("--service <NAME=PACKAGE>", "run another program as the service NAME: a package NAME[@VERSION], its folder or tarball, or an ELF file", collect)
    .option("--package <PACKAGE>", "let the guest name this package too (service update ds --package NAME@VERSION)", collect)
    .option("--registry <URL>", "where packages come from (default npm's); the guest may have more of them fetched from there")
    .option("--package-cache <DIR>", "keep fetched packages in this folder")
    .option("--seed <N>", "seed of everything that is chosen by chance; the same seed and input give the same run")
    .option("--debug <LIST>", "checks of the kernel that cost time, with commas between: vmassert, norec, race, msgcheck, tables")
    .option("--trace-hash", "at the end, print one hash over every trap and delivered message to standard error");
}

function addBoot(program: Command, done: (status: number) => void): void {
  machineOptions(program.command("boot"))
    .summary("boot a machine and use its console")
    .description(
      "Boots a machine. Its console is this terminal: keys go to the guest as they are typed, Ctrl-C interrupts the guest's " +
      "program, and Ctrl-] leaves the machine at once. Where standard input is no terminal, it is read as the console's input; " +
      "at its end the machine shuts down. Boot messages go to standard error. Where the kernel panics, its report goes there too, " +
      "and the exit status is 70; so where a package of --service or --package stops the machine for 20 seconds (PROCYON_STEP_SECONDS).",
    )
    .option("--disk <FILE>", "an image as the first ATA disk, the root (made from the built-in image where it does not exist); given twice: the second disk", collect)
    .option("--exec <COMMAND>", "run one shell command, print what it prints, and exit with its status")
    .action(async (flags: BootFlags) => done(await bootCommand(flags)));
}

function addRun(program: Command, done: (status: number) => void): void {
  machineOptions(program.command("run"))
    .summary("run one static i386 ELF program in a machine")
    .description(
      "Boots a machine quietly and runs FILE in it, a static i386 ELF program, with this process's standard input, output and " +
      "error. The exit status is the program's, 128 + N where signal N ended it, 126 where FILE is no such program, 127 where " +
      "it is missing.",
    )
    .argument("<FILE>", "the program")
    .argument("[ARG...]", "its arguments")
    .option("--put <HOST:GUEST>", "copy a file of the host into the guest first", collect)
    .passThroughOptions()
    .action(async (file: string, args: string[], flags: RunFlags) => done(await runCommand(file, args, flags)));
}

function addImage(program: Command, done: (status: number) => void): void {
  const image = program.command("image").summary("make, look into and change disk images (MFS, version 3)").description("Works on disk images with a MINIX file system of version 3, from the host.");
  image.command("create").description("make an image").argument("<IMAGE>")
    .option("--size <MB>", "size in megabytes (default 16)").option("--system", "a copy of the built-in system").option("--force", "replace a file that exists")
    .action((path, flags) => done(createCommand(path, flags)));
  image.command("ls").description("list a directory").argument("<IMAGE>").argument("[PATH]", "", "/").action((path, directory) => done(listCommand(path, directory)));
  image.command("cat").description("print a file").argument("<IMAGE>").argument("<PATH>").action((path, file) => done(catCommand(path, file)));
  image.command("put").description("copy a file of the host into the image").argument("<IMAGE>").argument("<HOST>").argument("<PATH>").action((path, host, guest) => done(putCommand(path, host, guest)));
  image.command("get").description("copy a file out of the image").argument("<IMAGE>").argument("<PATH>").argument("<HOST>").action((path, guest, host) => done(getCommand(path, guest, host)));
  image.command("mkdir").description("make a directory").argument("<IMAGE>").argument("<PATH>").action((path, directory) => done(mkdirCommand(path, directory)));
  image.command("rm").description("remove a file or an empty directory").argument("<IMAGE>").argument("<PATH>").option("-r, --recursive", "with everything in it").action((path, name, flags) => done(removeCommand(path, name, flags)));
  image.command("check").description("check the file system; exit status 1 where something is wrong").argument("<IMAGE>").action((path) => done(checkCommand(path)));
}

/** The command `procyon`: gives the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  let status = 0;
  const done = (value: number): void => {
    status = value;
  };
  const program = new Command("procyon").description("Procyon: a self-healing microkernel operating system on an emulated i386 machine.").enablePositionalOptions().exitOverride();
  addBoot(program, done);
  addRun(program, done);
  addImage(program, done);
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) command.exitOverride();
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`procyon: ${error.message}\n`);
    return error.status;
  }
  return status;
}
