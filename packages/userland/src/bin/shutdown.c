/* shutdown [-h | -r]: sync, end everything, stop the machine. As reboot it starts again, as halt it stops. */
#include <err.h>
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <minix/procinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

/* Every guest that is no service gets the chance to end by itself; PM takes the rest. Services stay until the file systems
   are written, so this is not kill(-1). */
static void end_users(void)
{
  static struct proc_info table[PROC_INFO_RECORDS];
  message m;
  m.m1_i1 = SI_PROC_TAB;
  m.m1_i2 = sizeof table;
  m.m1_p1 = (int)table;
  if (_syscall(PM_PROC_NR, COMMON_GETSYSINFO, &m) < 0) return;
  for (int i = 0; i < PROC_INFO_RECORDS; i++)
    if (table[i].in_use && !(table[i].state & PROC_INFO_SYSTEM) && table[i].pid > 1 && table[i].pid != getpid()) {
      kill(table[i].pid, SIGHUP);
      kill(table[i].pid, SIGTERM);
    }
}

int main(int argc, char **argv)
{
  int c, how = strcmp(__progname, "reboot") ? RBT_HALT : RBT_RESET;
  while ((c = getopt(argc, argv, "hrp")) != -1) {
    if (c == '?') return 2;
    how = c == 'r' ? RBT_RESET : RBT_HALT;
  }
  if (geteuid() != 0) errx(1, "only root can do that");
  signal(SIGHUP, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  kill(1, SIGTERM); /* init starts no more shells */
  sync();
  end_users();
  usleep(200000);
  sync();
  reboot(how);
  err(1, "cannot stop the machine");
}
