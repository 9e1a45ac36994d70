#include "runtime/transport/http/http_url.h"
