#include "runtime/transport/tls_server.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>

#include "policy/check.h"

namespace policy::transport {
namespace {

struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string SubjectText(const X509& certificate) {
  const std::unique_ptr<BIO, BioDeleter> text(BIO_new(BIO_s_mem()));
  CHECK(text != nullptr);
  X509_NAME_print_ex(text.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string DigestText(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  CHECK(X509_digest(&certificate, EVP_sha256(), digest.data(), &size) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace

std::expected<std::shared_ptr<const TlsServer>, std::string> TlsServer::Make(
    const Options& options) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  CHECK(context != nullptr);
  std::shared_ptr<TlsServer> server(new TlsServer(context));
  SetTlsDefaults(*context);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (auto trouble = LoadTlsIdentity(*context, options.certificate_path, options.key_path)) {
    return std::unexpected(std::move(*trouble));
  }
  if (options.client_ca_path.empty()) return server;

  const char* const path = options.client_ca_path.c_str();
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(path);
  if (names == nullptr || SSL_CTX_load_verify_locations(context, path, nullptr) != 1) {
    return std::unexpected("cannot read the certificates in " + options.client_ca_path + ": " +
                           TlsErrorText());
  }
  SSL_CTX_set_client_CA_list(context, names);  // takes it
  SSL_CTX_set_verify(
      context, SSL_VERIFY_PEER | (options.requires_client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
      nullptr);
  // A session that is taken up again skips what is asked here, and other certificates may be
  // trusted by then.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  return server;
}

TlsSession TlsServer::Accept(const Descriptor& socket) const {
  TlsSession session(SSL_new(context_.get()));
  if (session == nullptr || SSL_set_fd(session.get(), socket.number()) != 1) return nullptr;
  SSL_set_accept_state(session.get());
  return session;
}

TlsPeerCertificate PeerCertificate(const SSL& session) {
  const std::unique_ptr<X509, X509Deleter> certificate(SSL_get1_peer_certificate(&session));
  if (certificate == nullptr || SSL_get_verify_result(&session) != X509_V_OK) return {};
  return {.subject = SubjectText(*certificate), .sha256 = DigestText(*certificate)};
}

}  // namespace policy::transport
