#include "runtime/transport/tls_server.h"
