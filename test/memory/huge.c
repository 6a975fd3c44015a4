/* A program that has no place in a machine with 64 MB, and is not refused for its form alone. */
static volatile char data[60 << 20];

int main(int argc, char **argv)
{
  (void)argv;
  return data[argc];
}
