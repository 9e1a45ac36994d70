// One connection of an HTTP client under load: a request at a time, written whole and read whole.
#ifndef BENCH_GATEWAY_HTTP_CONNECTION_H_
#define BENCH_GATEWAY_HTTP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/transport/descriptor.h"

namespace policy::bench {

struct Target {
  std::uint16_t port = 0;
  std::string path;
  std::string token;  // a bearer token; empty: none
};

// Ends this program with a message where the other side does not behave.
class Connection {
 public:
  explicit Connection(const Target& target);

  // Waits for each answer.
  void OpenSession();
  void OpenStream();  // a GET, of which only the beginning of the answer is waited for

  // Writes; the answer comes when the descriptor is readable.
  void Send(std::string_view body);
  // false: it is not complete yet. What it is stays in body() until the next Send.
  bool Receive();
  std::string_view body() const { return body_; }
  int status() const { return status_; }
  int descriptor() const { return socket_.number(); }

 private:
  void Write(std::string_view bytes);
  void SendHead(std::string_view method, std::string_view body);
  std::string_view HeaderOf(std::string_view name) const;

  const Target& target_;
  transport::Descriptor socket_;
  std::string session_;
  std::string request_;
  std::string bytes_;
  std::string_view head_;
  std::string_view body_;
  int status_ = 0;
};

}  // namespace policy::bench

#endif  // BENCH_GATEWAY_HTTP_CONNECTION_H_
