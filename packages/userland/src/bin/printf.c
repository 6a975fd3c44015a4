/* printf format [argument ...] */
#include "../sh/print.c"

int main(int argc, char **argv) { return printf_main(argc, argv); }
