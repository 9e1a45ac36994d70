#include "runtime/transport/http/http_head.h"
