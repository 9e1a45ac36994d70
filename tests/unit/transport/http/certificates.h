// Certificates that a test makes for itself: an authority, a server of 127.0.0.1 and localhost, and
// a client.
#ifndef TESTS_UNIT_TRANSPORT_HTTP_CERTIFICATES_H_
#define TESTS_UNIT_TRANSPORT_HTTP_CERTIFICATES_H_

#include <string>

namespace policy::transport {

// Files in a folder that is removed with it.
class Certificates {
 public:
  Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  ~Certificates();

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

}  // namespace policy::transport

#endif  // TESTS_UNIT_TRANSPORT_HTTP_CERTIFICATES_H_
