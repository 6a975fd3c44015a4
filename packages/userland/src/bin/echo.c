/* echo [-n] [-e] [word ...] */
#include "../sh/print.c"

int main(int argc, char **argv) { return echo_main(argc, argv); }
