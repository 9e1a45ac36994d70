#include "runtime/gateway/serve/request_checks.h"

#include <algorithm>

namespace policy::gateway {
namespace {

using transport::SameHeaderText;

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What stands before the next `separator`; `rest` is what stands behind it.
std::string_view Cut(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return Trimmed(part);
}

// "name:port" or "[::1]:port" without its port.
std::string_view WithoutPort(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? authority : authority.substr(0, end + 1);
  }
  return authority.substr(0, authority.find(':'));
}

// A name has a letter that no IPv4 address has; an address in brackets is IPv6. Addresses cannot be
// rebound: who asks for one is connected to it.
bool IsAddress(std::string_view host) {
  if (host.starts_with('[')) return true;
  return !host.empty() &&
         std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

bool IsLoopbackName(std::string_view host) {
  return SameHeaderText(host, "localhost") || host == "127.0.0.1" || host == "[::1]";
}

bool IsIn(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(
      names, [name](const std::string& other) { return SameHeaderText(other, name); });
}

bool IsOurHost(std::string_view authority, const ServeConfig& config) {
  const std::string_view host = WithoutPort(authority);
  if (IsIn(config.public_hosts, authority) || IsIn(config.public_hosts, host)) return true;
  return IsAddress(host) || SameHeaderText(host, "localhost");
}

bool MayAsk(std::string_view origin, const ServeConfig& config) {
  if (IsIn(config.allowed_origins, origin)) return true;
  if (!config.listen.is_loopback()) return false;
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false;
  return IsLoopbackName(WithoutPort(origin.substr(scheme + 3)));
}

}  // namespace

std::optional<HttpRefused> CheckSender(const transport::HttpRequestHead& head,
                                       const ServeConfig& config) {
  const auto host = head.headers.Find("host");
  if (!host && head.minor_version != 0) return HttpRefused{400, "the Host header is missing"};
  if (host && !IsOurHost(*host, config)) {
    return HttpRefused{403, "this server has another name than the Host header says"};
  }
  if (head.headers.Count("origin") > 1) return HttpRefused{400, "two Origin headers"};
  const auto origin = head.headers.Find("origin");
  if (origin && !MayAsk(*origin, config)) {
    return HttpRefused{403, "pages of this origin may not ask"};
  }
  // Browsers send no Origin with the GET of an image or a script.
  const auto site = head.headers.Find("sec-fetch-site");
  if (!origin && site && *site != "same-origin" && *site != "none") {
    return HttpRefused{403, "pages of other sites may not ask"};
  }
  return std::nullopt;
}

std::optional<HttpRefused> CheckContent(const transport::HttpRequestHead& head) {
  for (const transport::HttpHeader& header : head.headers.all()) {
    if (SameHeaderText(header.name, "content-encoding") &&
        !SameHeaderText(header.value, "identity")) {
      return HttpRefused{415, "encoded bodies are not read: send it without Content-Encoding"};
    }
  }
  if (head.headers.Count("content-type") != 1) {
    return HttpRefused{415, "the body has to be application/json"};
  }
  std::string_view rest = *head.headers.Find("content-type");
  if (!SameHeaderText(Cut(rest, ';'), "application/json")) {
    return HttpRefused{415, "the body has to be application/json"};
  }
  while (!rest.empty()) {
    std::string_view parameter = Cut(rest, ';');
    if (!SameHeaderText(Cut(parameter, '='), "charset")) continue;
    std::string_view charset = Trimmed(parameter);
    if (charset.size() >= 2 && charset.starts_with('"') && charset.ends_with('"')) {
      charset = charset.substr(1, charset.size() - 2);
    }
    if (!SameHeaderText(charset, "utf-8") && !SameHeaderText(charset, "utf8")) {
      return HttpRefused{415, "the body has to be UTF-8"};
    }
  }
  return std::nullopt;
}

std::optional<HttpRefused> CheckAccept(const transport::HttpRequestHead& head, Wanted wanted) {
  Wanted taken;
  for (const transport::HttpHeader& header : head.headers.all()) {
    if (!SameHeaderText(header.name, "accept")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      std::string_view range = Cut(rest, ',');
      const std::string_view type = Cut(range, ';');
      const bool is_any = type == "*/*";
      taken.json |= is_any || SameHeaderText(type, "application/json") ||
                    SameHeaderText(type, "application/*");
      taken.events |=
          is_any || SameHeaderText(type, "text/event-stream") || SameHeaderText(type, "text/*");
    }
  }
  if ((wanted.json && !taken.json) || (wanted.events && !taken.events)) {
    return HttpRefused{406, wanted.json
                                ? "Accept has to name application/json and text/event-stream"
                                : "Accept has to name text/event-stream"};
  }
  return std::nullopt;
}

}  // namespace policy::gateway
