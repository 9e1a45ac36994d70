// What stands behind a status in a response.
#ifndef RUNTIME_TRANSPORT_HTTP_STATUS_TEXT_H_
#define RUNTIME_TRANSPORT_HTTP_STATUS_TEXT_H_

#include <string_view>

namespace policy::transport {

// Empty for one that has no name here: nobody reads it but people.
std::string_view StatusText(int status);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_STATUS_TEXT_H_
