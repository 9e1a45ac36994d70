#include "runtime/transport/http/http_server.h"
