#include "runtime/transport/http/sse.h"
