// TLS towards a server whose certificate is checked against its name.
#ifndef RUNTIME_TRANSPORT_TLS_CLIENT_H_
#define RUNTIME_TRANSPORT_TLS_CLIENT_H_

#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "runtime/transport/descriptor.h"

namespace policy::transport {

struct SslDeleter {
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsSession = std::unique_ptr<SSL, SslDeleter>;

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// Immutable; any number of sessions.
class TlsClient {
 public:
  struct Options {
    std::string ca_path = {};  // who signs servers' certificates, PEM; empty: the system's
    std::string certificate_path =
        {};                     // what we show to who asks, PEM, with its chain; empty: nothing
    std::string key_path = {};  // PEM
  };

  // TLS 1.2 and later. The error is a sentence.
  static std::expected<TlsClient, std::string> Make(const Options& options);

  // A session on a non-blocking socket, which must outlive it. Null: out of memory.
  TlsSession Connect(const Descriptor& socket, const std::string& host) const;

 private:
  explicit TlsClient(SSL_CTX* context) : context_(context) {}

  TlsContext context_;
};

// What went wrong last in this thread, for people.
std::string TlsTrouble(const SSL& session);
std::string TlsErrorText();

// What both sides of TLS have in common.
void SetTlsDefaults(SSL_CTX& context);
// Loads our certificate and its key. nullopt: done; else a sentence.
std::optional<std::string> LoadTlsIdentity(SSL_CTX& context, const std::string& certificate_path,
                                           const std::string& key_path);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_TLS_CLIENT_H_
