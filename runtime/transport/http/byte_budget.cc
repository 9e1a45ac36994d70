#include "runtime/transport/http/byte_budget.h"
