#include "spc.h"
SPC_APP { return 0; }
