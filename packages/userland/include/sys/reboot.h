#ifndef SYS_REBOOT_H
#define SYS_REBOOT_H
#define RBT_HALT 0
#define RBT_REBOOT 1
#define RBT_PANIC 2
#define RBT_MONITOR 3
#define RBT_RESET 4
int reboot(int how, ...); /* RBT_MONITOR: char *code, size_t length */
#endif
