#include "tests/unit/transport/http/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

namespace policy::transport {
namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;

void AddExtension(X509& certificate, int kind, const char* value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  REQUIRE(extension != nullptr);
  X509_add_ext(&certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

struct Issued {
  Key key{nullptr, EVP_PKEY_free};
  Certificate certificate{nullptr, X509_free};
};

// `issuer`: null for one that signs itself. `names`: null for none.
Issued Issue(const char* subject, const Issued* issuer, const char* names) {
  static long serial = 1;
  Issued issued;
  issued.key.reset(EVP_EC_gen("P-256"));
  issued.certificate.reset(X509_new());
  X509& certificate = *issued.certificate;
  X509_set_version(&certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(&certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(&certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(&certificate), 3600);
  X509_set_pubkey(&certificate, issued.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject), -1, -1, 0);
  const X509& signer = issuer == nullptr ? certificate : *issuer->certificate;
  X509_set_issuer_name(&certificate, X509_get_subject_name(&signer));
  AddExtension(certificate, NID_basic_constraints, issuer == nullptr ? "CA:TRUE" : "CA:FALSE");
  if (names != nullptr) AddExtension(certificate, NID_subject_alt_name, names);
  EVP_PKEY* const key = issuer == nullptr ? issued.key.get() : issuer->key.get();
  REQUIRE(X509_sign(&certificate, key, EVP_sha256()) != 0);
  return issued;
}

void Write(const std::string& path, const Issued& issued) {
  std::unique_ptr<FILE, int (*)(FILE*)> certificate(fopen((path + ".pem").c_str(), "w"), fclose);
  REQUIRE(PEM_write_X509(certificate.get(), issued.certificate.get()) == 1);
  std::unique_ptr<FILE, int (*)(FILE*)> key(fopen((path + ".key").c_str(), "w"), fclose);
  REQUIRE(PEM_write_PrivateKey(key.get(), issued.key.get(), nullptr, nullptr, 0, nullptr,
                               nullptr) == 1);
}

}  // namespace

Certificates::Certificates() {
  std::string folder = (std::filesystem::temp_directory_path() / "policy-tls-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  folder_ = folder;
  const Issued authority = Issue("test authority", nullptr, nullptr);
  Write(path("authority"), authority);
  Write(path("server"), Issue("server", &authority, "IP:127.0.0.1,DNS:localhost"));
  Write(path("other"), Issue("other", &authority, "DNS:other.example"));
  Write(path("client"), Issue("agent-1", &authority, nullptr));
  const Issued stranger = Issue("strange authority", nullptr, nullptr);
  Write(path("stranger"), Issue("agent-1", &stranger, nullptr));
}

Certificates::~Certificates() {
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

}  // namespace policy::transport
