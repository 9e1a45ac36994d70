#include "runtime/transport/http/http_client.h"
