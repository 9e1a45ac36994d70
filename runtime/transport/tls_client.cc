#include "runtime/transport/tls_client.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "policy/check.h"

namespace policy::transport {
namespace {

std::string ErrorText() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "the connection failed";
}

}  // namespace

std::expected<TlsClient, std::string> TlsClient::Make(const std::string& ca_path) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  CHECK(context != nullptr);
  TlsClient client(context);
  CHECK(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int loaded = ca_path.empty()
                         ? SSL_CTX_set_default_verify_paths(context)
                         : SSL_CTX_load_verify_locations(context, ca_path.c_str(), nullptr);
  if (loaded != 1) {
    return std::unexpected("cannot read the certificates in " +
                           (ca_path.empty() ? "the system's folder" : ca_path) + ": " +
                           ErrorText());
  }
  return client;
}

TlsSession TlsClient::Connect(const Descriptor& socket, const std::string& host) const {
  TlsSession session(SSL_new(context_.get()));
  if (session == nullptr || SSL_set_fd(session.get(), socket.number()) != 1) return nullptr;
  SSL_set_connect_state(session.get());
  X509_VERIFY_PARAM* checked = SSL_get0_param(session.get());
  // An address is looked for among the certificate's addresses, a name among its names.
  const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(checked, host.c_str()) == 1;
  ERR_clear_error();
  if (is_address) return session;
  if (X509_VERIFY_PARAM_set1_host(checked, host.c_str(), host.size()) != 1 ||
      SSL_set_tlsext_host_name(session.get(), host.c_str()) != 1) {
    return nullptr;
  }
  return session;
}

std::string TlsTrouble(const SSL& session) {
  const long verified = SSL_get_verify_result(&session);
  if (verified == X509_V_OK) return ErrorText();
  ERR_clear_error();
  return std::string("its certificate is not accepted: ") + X509_verify_cert_error_string(verified);
}

}  // namespace policy::transport
