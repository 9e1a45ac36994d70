#include "runtime/transport/tls_client.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "policy/check.h"

namespace policy::transport {

std::string TlsErrorText() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "the connection failed";
}

void SetTlsDefaults(SSL_CTX& context) {
  CHECK(SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) == 1);
  // An idle session keeps no buffers; a record is read at once, not its head first.
  SSL_CTX_set_mode(&context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(&context, 1);
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A key with a password would ask for it on the terminal: it is refused instead.
  SSL_CTX_set_default_passwd_cb(&context, [](char*, int, int, void*) { return 0; });
}

std::optional<std::string> LoadTlsIdentity(SSL_CTX& context, const std::string& certificate_path,
                                           const std::string& key_path) {
  if (SSL_CTX_use_certificate_chain_file(&context, certificate_path.c_str()) != 1) {
    return "cannot read the certificate in " + certificate_path + ": " + TlsErrorText();
  }
  if (SSL_CTX_use_PrivateKey_file(&context, key_path.c_str(), SSL_FILETYPE_PEM) != 1) {
    return "cannot use the key in " + key_path + ": " + TlsErrorText();
  }
  return std::nullopt;
}

std::expected<TlsClient, std::string> TlsClient::Make(const Options& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  CHECK(context != nullptr);
  TlsClient client(context);
  SetTlsDefaults(*context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int loaded = options.ca_path.empty()
                         ? SSL_CTX_set_default_verify_paths(context)
                         : SSL_CTX_load_verify_locations(context, options.ca_path.c_str(), nullptr);
  if (loaded != 1) {
    return std::unexpected("cannot read the certificates in " +
                           (options.ca_path.empty() ? "the system's folder" : options.ca_path) +
                           ": " + TlsErrorText());
  }
  if (options.certificate_path.empty()) return client;
  if (auto trouble = LoadTlsIdentity(*context, options.certificate_path, options.key_path)) {
    return std::unexpected(std::move(*trouble));
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
  if (verified == X509_V_OK) return TlsErrorText();
  ERR_clear_error();
  return std::string("its certificate is not accepted: ") + X509_verify_cert_error_string(verified);
}

}  // namespace policy::transport
