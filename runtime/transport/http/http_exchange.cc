#include "runtime/transport/http/http_exchange.h"
