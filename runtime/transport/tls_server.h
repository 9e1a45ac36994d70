// TLS towards clients: our certificate, and theirs where one is asked for.
#ifndef RUNTIME_TRANSPORT_TLS_SERVER_H_
#define RUNTIME_TRANSPORT_TLS_SERVER_H_

#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <string>

#include "runtime/transport/descriptor.h"
#include "runtime/transport/tls_client.h"

namespace policy::transport {

// Immutable; any number of sessions, any thread. To load other certificates make another: sessions
// keep theirs.
class TlsServer {
 public:
  struct Options {
    std::string certificate_path = {};  // PEM, with its chain
    std::string key_path = {};          // PEM
    std::string client_ca_path =
        {};                       // PEM: who signs clients' certificates; empty: none is asked for
    bool requires_client = true;  // with client_ca_path: who shows no certificate is refused
  };

  // TLS 1.2 and later. The error is a sentence.
  static std::expected<std::shared_ptr<const TlsServer>, std::string> Make(const Options& options);

  // A session on a non-blocking socket, which must outlive it. Null: out of memory.
  TlsSession Accept(const Descriptor& socket) const;

 private:
  explicit TlsServer(SSL_CTX* context) : context_(context) {}

  TlsContext context_;
};

// Of the certificate that the other side showed and its authority signed; empty without one.
struct TlsPeerCertificate {
  std::string subject;  // RFC 2253
  std::string sha256;   // of the DER, 64 hexadecimal digits in lower case
};
TlsPeerCertificate PeerCertificate(const SSL& session);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_TLS_SERVER_H_
