/* test expression; [ expression ] */
#include "../sh/test.c"

int main(int argc, char **argv) { return test_main(argc, argv); }
