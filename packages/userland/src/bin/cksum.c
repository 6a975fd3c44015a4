/* cksum [file ...]: the CRC of POSIX */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static uint32_t table[256];

static void make_table(void)
{
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i << 24;
    for (int bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? crc << 1 ^ 0x04C11DB7 : crc << 1;
    table[i] = crc;
  }
}

static int sum(int fd, const char *name)
{
  static unsigned char buf[32768];
  uint32_t crc = 0, length = 0;
  int n;
  while ((n = read(fd, buf, sizeof buf)) > 0) {
    length += n;
    for (unsigned char *p = buf, *end = buf + n; p < end; p++) crc = crc << 8 ^ table[crc >> 24 ^ *p];
  }
  if (n < 0) {
    warn("%s", name ? name : "standard input");
    return 1;
  }
  for (uint32_t rest = length; rest; rest >>= 8) crc = crc << 8 ^ table[crc >> 24 ^ (rest & 255)];
  printf("%u %u%s%s\n", ~crc, length, name ? " " : "", name ? name : "");
  return 0;
}

int main(int argc, char **argv)
{
  int status = 0;
  make_table();
  if (argc < 2) return sum(0, 0);
  for (int i = 1; i < argc; i++) {
    int fd = open(argv[i], O_RDONLY);
    if (fd < 0) {
      warn("%s", argv[i]);
      status = 1;
      continue;
    }
    status |= sum(fd, argv[i]);
    close(fd);
  }
  return status;
}
