/* printconfig FILE: what the first entry of a system.conf says of itself: name, type, description, PCI devices. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include "service.h"

int lookup(const char *label)
{
  (void)label;
  return EP_RS; /* which services run says nothing about the file */
}

int main(int argc, char **argv)
{
  static struct rs_start start;
  if (argc != 2) errx(EINVAL, "usage: printconfig FILE");
  struct description d = read_settings(&start, 0, argv[1]);
  printf("service %s", d.name);
  if (d.type) printf(", type %s", d.type);
  if (d.text) printf(", descr %s", d.text);
  printf("\n");
  for (int i = 0; i < start.pci_count; i++) printf("%s%04X:%04X%s", i ? " " : "pci device ", start.pci[i].vendor, start.pci[i].device, i + 1 < start.pci_count ? "" : "\n");
  return 0;
}
